// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/do/launch_context.h"
#include "runtime/do/procfs.h"
#include "runtime/steps/protection.h"

namespace tare::runtime {

Call<void> perform(const step::WriteSysctl& step, LaunchContext&) {
  const UniqueFd file =
      TRY(open_in_procfs("sys/" + step.path, O_WRONLY | O_NOCTTY, RESOLVE_NO_SYMLINKS));
  const ssize_t written = ::write(file.get(), step.value.data(), step.value.size());
  if (written < 0) return Fault::last("write");
  if (static_cast<std::size_t>(written) != step.value.size()) return Fault{EINVAL, "write"};
  return {};
}

}  // namespace tare::runtime
