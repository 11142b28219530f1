// SPDX-License-Identifier: Apache-2.0
//
// Labels for Linux security modules, written to files of /proc/thread-self/attr (proc(5)). A write
// to another file would succeed but leave the process unconfined (CVE-2019-16884), so only a
// verified procfs is used.
#include "runtime/do/labels.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/do/procfs.h"
#include "runtime/steps/identity.h"

namespace tare::runtime {

Call<void> write_attribute(int attributes, const char* name, std::string_view text) {
  const UniqueFd file = TRY(sys::openat2(attributes, name, O_WRONLY | O_NOCTTY,
                                         RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS));
  // In one write(2): the kernel does not accept parts.
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written < 0) return Fault::last("write");
  return static_cast<std::size_t>(written) == text.size() ? Call<void>() : Fault{EIO, "write"};
}

Call<void> perform(const step::CheckLabel& step, LaunchContext& context) {
  const Call<UniqueFd> file = open_at(AT_FDCWD, "/sys/fs/selinux/context", O_WRONLY);
  if (!file.ok()) return {};
  const ssize_t written = ::write(file->get(), step.label.data(), step.label.size());
  if (written >= 0 || errno != EINVAL) return {};
  context.set_note("the loaded policy has no such label");
  return Fault{EINVAL, "write"};
}

// Opens only the directory: its files can be written only by the task that opened them, which will
// be the stub.
Call<void> perform(const step::OpenAttributes&, LaunchContext& context) {
  context.attributes = TRY(open_in_procfs("thread-self/attr", O_PATH | O_DIRECTORY, 0));
  return {};
}

}  // namespace tare::runtime
