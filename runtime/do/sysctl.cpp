// SPDX-License-Identifier: Apache-2.0
//
// Sysctls are written through a verified procfs: the host's, which is still in sight, or a private
// one. Never through a path of the container (CVE-2025-52881).
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/perform.h"

namespace tare::runtime {

namespace {

Call<UniqueFd> open_in_procfs(int procfs, const std::string& path) {
  struct statfs status {};
  if (::fstatfs(procfs, &status) != 0) return Fault::last("fstatfs");
  if (status.f_type != PROC_SUPER_MAGIC) return Fault{ENODEV, "fstatfs"};
  return sys::openat2(procfs, ("sys/" + path).c_str(), O_WRONLY | O_NOCTTY,
                      RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
}

Call<UniqueFd> private_procfs() {
  const UniqueFd filesystem = TRY(sys::fsopen("proc"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
  return sys::fsmount(filesystem.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

Call<UniqueFd> open_sysctl(const std::string& path) {
  const UniqueFd host = TRY(open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY));
  Call<UniqueFd> file = open_in_procfs(host.get(), path);
  // Something is mounted in the host's /proc, or it is read-only: tare runs in a container itself.
  if (file.ok() || (file.error().error != EXDEV && file.error().error != EROFS)) return file;
  const UniqueFd procfs = TRY(private_procfs());
  return open_in_procfs(procfs.get(), path);
}

}  // namespace

Call<void> perform(const step::WriteSysctl& step, LaunchContext&) {
  const UniqueFd file = TRY(open_sysctl(step.path));
  const ssize_t written = ::write(file.get(), step.value.data(), step.value.size());
  if (written < 0) return Fault::last("write");
  if (static_cast<std::size_t>(written) != step.value.size()) return Fault{EINVAL, "write"};
  return {};
}

}  // namespace tare::runtime
