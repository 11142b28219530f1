// SPDX-License-Identifier: Apache-2.0
//
// The container's root: attaches its tree in the new mount namespace, and enters it.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/context.h"
#include "runtime/steps/root.h"

namespace tare::runtime {

void LaunchContext::take_root(UniqueFd attached) {
  root = std::move(attached);
  inside = Inside(root.get());
}

Call<void> perform(const step::HostPropagation& step, LaunchContext&) {
  return sys::set_propagation("/", step.flags);
}

Call<void> perform(const step::RootPropagation& step, LaunchContext&) {
  return sys::set_propagation("/", step.flags);
}

namespace {

// The mount that contains `path`: only the root of a mount can change its propagation; other paths
// return EINVAL.
Call<void> isolate_mount_of(std::string path) {
  for (;;) {
    const Call<void> result = sys::set_propagation(path.c_str(), MS_PRIVATE);
    if (result.ok() || result.error().error != EINVAL || path == "/") return result;
    path.resize(path.rfind('/'));
    if (path.empty()) path = "/";
  }
}

}  // namespace

Call<void> perform(const step::AttachRoot& step, LaunchContext& context) {
  if (step.isolate_parent) TRY(isolate_mount_of(step.path));
  const UniqueFd place = TRY(open_at(AT_FDCWD, step.path.c_str(), O_PATH | O_DIRECTORY));
  UniqueFd& tree = context.trees[static_cast<std::size_t>(step.tree)];
  TRY(sys::move_mount(tree.get(), place.get(), ""));
  context.take_root(std::move(tree));
  return {};
}

Call<void> perform(const step::OpenRoot& step, LaunchContext& context) {
  context.take_root(TRY(open_at(AT_FDCWD, step.path.c_str(), O_PATH | O_DIRECTORY)));
  return {};
}

namespace {

Call<void> change_directory(int directory) {
  if (::fchdir(directory) != 0) return Fault::last("fchdir");
  return {};
}

Call<void> change_root() {
  if (::chroot(".") != 0) return Fault::last("chroot");
  if (::chdir("/") != 0) return Fault::last("chdir");
  return {};
}

// A caller in a chroot has another root than its mount namespace. That one would remain, below the
// container's: setns(2) leads to it, and so does every exec. Entering our own namespace once more
// leaves the chroot. Refused (EPERM without CAP_SYS_CHROOT), everything works as in the chroot.
Call<void> leave_chroot() {
  const Call<UniqueFd> self = sys::pidfd_open(::getpid());
  const Call<void> left = self.ok() ? sys::setns(self->get(), CLONE_NEWNS) : self.error();
  const bool is_refused =
      !left.ok() && (left.error().error == EPERM || left.error().error == ENOSYS);
  return is_refused ? Call<void>() : left;
}

// pivot_root(2), "pivot_root(".", ".")": the old root is then mounted over the new one, at "/",
// where it is unmounted. It becomes a slave first, so that unmounting does not propagate to the
// host's mounts. Not private: the kernel would then copy references that keep devices busy.
Call<void> pivot(int root) {
  const UniqueFd old_root = TRY(open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
  TRY(change_directory(root));
  TRY(sys::pivot_root(".", "."));
  TRY(change_directory(old_root.get()));
  TRY(sys::set_propagation(".", MS_SLAVE | MS_REC));
  if (::umount2(".", MNT_DETACH) != 0) return Fault::last("umount2");
  if (::chdir("/") != 0) return Fault::last("chdir");
  return {};
}

// Without pivot_root the host's mounts stay below the container's. Its unmasked procfs and sysfs
// must not: with them a user namespace could mount a new, unmasked procfs.
Call<void> hide(const char* mount) {
  if (::umount2(mount, MNT_DETACH) == 0) return {};
  // Locked by a user namespace, so it is covered instead.
  if (errno != EPERM && errno != EINVAL) return Fault::last("umount2");
  constexpr unsigned long closed = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  constexpr const char* smallest = "nr_blocks=1,nr_inodes=2";  // to tmpfs, 0 is no limit
  if (::mount("tmpfs", mount, "tmpfs", closed, smallest) != 0) return Fault::last("mount");
  return {};
}

Call<void> hide_kernel_filesystems(std::string_view root_path) {
  for (const MountLine& mount : TRY(read_mounts())) {
    if (mount.type != "proc" && mount.type != "sysfs") continue;
    if (mount.point.starts_with(std::string(root_path) + "/")) continue;
    const Call<void> result = hide(mount.point.c_str());
    // Below a mount that is already unmounted.
    if (!result.ok() && result.error().error != ENOENT) return result;
  }
  return {};
}

// The working directory as the mount table names it, from the root of the mount namespace.
Call<std::string> working_directory() {
  std::array<char, PATH_MAX> path{};
  if (::getcwd(path.data(), path.size()) == nullptr) return Fault::last("getcwd");
  return std::string(path.data());
}

Call<void> move_root(int root) {
  TRY(change_directory(root));
  TRY(hide_kernel_filesystems(TRY(working_directory())));
  TRY(sys::move_mount(root, AT_FDCWD, "/"));
  return change_root();
}

}  // namespace

Call<void> perform(const step::EnterRoot& step, LaunchContext& context) {
  if (step.how != step::RootChange::chroot) TRY(leave_chroot());
  switch (step.how) {
    case step::RootChange::pivot:
      return pivot(context.root.get());
    case step::RootChange::move:
      return move_root(context.root.get());
    case step::RootChange::chroot:
      break;
  }
  TRY(change_directory(context.root.get()));
  return change_root();
}

}  // namespace tare::runtime
