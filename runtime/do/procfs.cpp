// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

namespace {

Call<UniqueFd> open_below(int procfs, const std::string& path, int flags, std::uint64_t resolve) {
  TRY(check_procfs(procfs));
  return sys::openat2(procfs, path.c_str(), flags,
                      resolve | RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

Call<UniqueFd> private_procfs() {
  const UniqueFd filesystem = TRY(sys::fsopen("proc"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
  return sys::fsmount(filesystem.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

}  // namespace

Call<void> check_procfs(int fd) {
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return Fault::last("fstatfs");
  if (status.f_type != PROC_SUPER_MAGIC) return Fault{ENODEV, "fstatfs"};
  return {};
}

Call<UniqueFd> open_in_procfs(const std::string& path, int flags, std::uint64_t resolve) {
  const UniqueFd host = TRY(open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY));
  Call<UniqueFd> file = open_below(host.get(), path, flags, resolve);
  // The host's /proc has a mount in it or is read-only: tare itself runs in a container.
  if (file.ok() || (file.error().error != EXDEV && file.error().error != EROFS)) return file;
  const UniqueFd procfs = TRY(private_procfs());
  return open_below(procfs.get(), path, flags, resolve);
}

Call<void> write_sysctl(const std::string& path, const std::string& value) {
  const UniqueFd file =
      TRY(open_in_procfs("sys/" + path, O_WRONLY | O_NOCTTY, RESOLVE_NO_SYMLINKS));
  const ssize_t written = ::write(file.get(), value.data(), value.size());
  if (written < 0) return Fault::last("write");
  if (static_cast<std::size_t>(written) != value.size()) return Fault{EINVAL, "write"};
  return {};
}

Call<UniqueFd> open_new_procfs(int pid_namespace) {
  UniqueFd procfs = TRY(sys::fsopen("proc"));
  if (pid_namespace >= 0) TRY(sys::fsconfig_descriptor(procfs.get(), "pidns", pid_namespace));
  return procfs;
}

}  // namespace tare::runtime
