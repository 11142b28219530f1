// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "base/file.h"
#include "base/process.h"
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
  // Something is mounted in the host's /proc, or it is read-only: tare runs in a container itself.
  if (file.ok() || (file.error().error != EXDEV && file.error().error != EROFS)) return file;
  const UniqueFd procfs = TRY(private_procfs());
  return open_below(procfs.get(), path, flags, resolve);
}

namespace {

struct Opened {
  int fd = -1;
  int error = 0;
};

int open_as_child(void* opened) {
  auto& result = *static_cast<Opened*>(opened);
  result.fd = ::fsopen("proc", FSOPEN_CLOEXEC);
  result.error = errno;
  return 0;
}

// The procfs of a pid namespace is that of who opens it: a child, as setns(2) has put those of init
// there. It shares memory and descriptors, and is gone when it has opened it.
Call<UniqueFd> open_by_child() {
  constexpr std::size_t stack_size = 16384;
  alignas(16) std::array<unsigned char, stack_size> stack;
  Opened opened;
  constexpr int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD;
  const pid_t pid = ::clone(open_as_child, stack.data() + stack.size(), flags, &opened);
  if (pid < 0) return Fault::last("clone");
  (void)reap(pid);
  if (opened.fd < 0) return Fault{opened.error, "fsopen"};
  return UniqueFd(opened.fd);
}

}  // namespace

Call<UniqueFd> open_new_procfs(int pid_namespace) {
  UniqueFd procfs = TRY(sys::fsopen("proc"));
  if (pid_namespace < 0) return procfs;
  const Call<void> told = sys::fsconfig_descriptor(procfs.get(), "pidns", pid_namespace);
  if (told.ok()) return procfs;
  if (told.error().error != EINVAL) return told.error();
  return open_by_child();  // before Linux 6.18
}

}  // namespace tare::runtime
