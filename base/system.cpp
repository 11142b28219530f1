// SPDX-License-Identifier: Apache-2.0
#include "base/system.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/kernel_abi.h"
#include "base/memory.h"

namespace tare::sys {

namespace {

Call<void> done(long result, const char* call) {
  if (result < 0) return Fault::last(call);
  return {};
}

Call<UniqueFd> descriptor(long result, const char* call) {
  if (result < 0) return Fault::last(call);
  return UniqueFd(static_cast<int>(result));
}

}  // namespace

Call<pid_t> clone3(const clone_args& arguments) {
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) return Fault::last("clone3");
  if (pid == 0 && (arguments.flags & CLONE_VM) == 0) end_silently_without_memory();
  return static_cast<pid_t>(pid);
}

Call<void> set_dumpable(bool is_dumpable) {
  return done(::prctl(PR_SET_DUMPABLE, is_dumpable ? 1UL : 0UL, 0, 0, 0), "PR_SET_DUMPABLE");
}

Call<void> set_parent_death_signal(int number) {
  return done(::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(number), 0, 0, 0),
              "PR_SET_PDEATHSIG");
}

Call<UniqueFd> openat2(int directory, const char* path, int flags, std::uint64_t resolve,
                       unsigned mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  // EAGAIN: a concurrent rename or mount interfered with the resolution of "..". A hostile
  // container can cause it for ever, so the number of tries is limited.
  for (int tries = 0;; ++tries) {
    const long fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if (errno != EINTR && (errno != EAGAIN || tries >= 128)) return Fault::last("openat2");
  }
}

Call<UniqueFd> open_tree(int directory, const char* path, unsigned flags) {
  return descriptor(::open_tree(directory, path, flags | OPEN_TREE_CLOEXEC), "open_tree");
}

Call<void> move_mount(int from, int to_directory, const char* to_path) {
  const unsigned flags =
      MOVE_MOUNT_F_EMPTY_PATH | (*to_path == '\0' ? MOVE_MOUNT_T_EMPTY_PATH : 0U);
  return done(::move_mount(from, "", to_directory, to_path, flags), "move_mount");
}

Call<void> mount_setattr(int mount, unsigned flags, const mount_attr& attributes) {
  auto copy = attributes;
  return done(::mount_setattr(mount, "", flags | AT_EMPTY_PATH, &copy, sizeof copy),
              "mount_setattr");
}

Call<UniqueFd> fsopen(const char* type) {
  return descriptor(::fsopen(type, FSOPEN_CLOEXEC), "fsopen");
}

Call<void> fsconfig(int context, unsigned command, const char* key, const char* value) {
  return done(::fsconfig(context, static_cast<fsconfig_command>(command), key, value, 0),
              "fsconfig");
}

Call<void> fsconfig_descriptor(int context, const char* key, int fd) {
  return done(::fsconfig(context, FSCONFIG_SET_FD, key, nullptr, fd), "fsconfig");
}

Call<UniqueFd> fsmount(int context, unsigned attributes) {
  return descriptor(::fsmount(context, FSMOUNT_CLOEXEC, attributes), "fsmount");
}

Call<UniqueFd> fspick(int directory, const char* path) {
  const unsigned flags = FSPICK_CLOEXEC | (*path == '\0' ? FSPICK_EMPTY_PATH : 0U);
  return descriptor(::fspick(directory, path, flags), "fspick");
}

Call<void> set_propagation(const char* path, unsigned long flags) {
  return done(::mount(nullptr, path, nullptr, flags, nullptr), "mount");
}

Call<void> pivot_root(const char* new_root, const char* put_old) {
  return done(::syscall(SYS_pivot_root, new_root, put_old), "pivot_root");
}

Call<UniqueFd> pidfd_open(pid_t pid) {
  return descriptor(::syscall(SYS_pidfd_open, pid, 0), "pidfd_open");
}

Call<void> pidfd_send_signal(int pidfd, int signal) {
  return done(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0), "pidfd_send_signal");
}

namespace {

// The first version of struct pidfd_info of linux/pidfd.h, which Debian 12 lacks.
struct PidfdInfo {
  std::uint64_t mask = 0;
  std::uint64_t cgroup = 0;
  std::uint32_t ids[11]{};  // pid, tgid, ppid; real, effective, saved and file system ids
  std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == kernel::pidfd_info_size_ver0);
constexpr auto get_info = _IOWR(0xFF, 11, PidfdInfo);  // PIDFD_GET_INFO

}  // namespace

Call<std::optional<int>> pidfd_wait_status(int pidfd) {
  PidfdInfo info;
  info.mask = kernel::pidfd_info_exit;
  if (::ioctl(pidfd, get_info, &info) != 0) return Fault::last("ioctl");
  if ((info.mask & kernel::pidfd_info_exit) == 0) return std::optional<int>();
  return std::optional<int>(info.exit_code);
}

Call<UniqueFd> pidfd_getfd(int pidfd, int number) {
  return descriptor(::syscall(SYS_pidfd_getfd, pidfd, number, 0), "pidfd_getfd");
}

Call<void> setns(int fd, int type) {
  return done(::setns(fd, type), "setns");
}

Call<void> sched_setaffinity(std::span<const unsigned long> cpus) {
  if (::syscall(SYS_sched_setaffinity, 0, cpus.size_bytes(), cpus.data()) != 0) {
    return Fault::last("sched_setaffinity");
  }
  return {};
}

Call<void> unshare(int flags) {
  return done(::unshare(flags), "unshare");
}

Call<UniqueFd> executable_memory(const char* name) {
  // MFD_EXEC (Linux 6.3) requests an executable file. Older kernels refuse the flag; their memory
  // files are always executable.
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = ::memfd_create(name, flags | kernel::mfd_exec);
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create(name, flags);
  return descriptor(fd, "memfd_create");
}

Call<void> close_range(unsigned first, unsigned last, unsigned flags) {
  return done(::close_range(first, last, static_cast<int>(flags)), "close_range");
}

}  // namespace tare::sys
