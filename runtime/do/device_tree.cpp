// SPDX-License-Identifier: Apache-2.0
//
// A device node for a user namespace, which cannot create one. Linux before 6.15 cannot clone a
// mount that is not attached. So a child attaches the file system in a mount namespace that ends
// with the child, and the host never sees it.
#include "runtime/do/device_tree.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "runtime/host/user_namespace.h"

namespace tare::runtime {

namespace {

constexpr const char* name = "device";

Call<UniqueFd> small_filesystem() {
  const UniqueFd filesystem = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "source", "tmpfs"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "nr_blocks", "1"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "nr_inodes", "3"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "mode", "0755"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
  return sys::fsmount(filesystem.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

// Sets the mode again, because umask(2) has reduced it.
Call<void> make_node(int directory, const step::OpenTree& step, const Owner& owner) {
  const auto type = static_cast<mode_t>(step.device_type);
  const dev_t numbers = makedev(step.device_major, step.device_minor);
  if (::mknodat(directory, name, type | step.node->mode, numbers) != 0) {
    return Fault::last("mknodat");
  }
  if (::fchownat(directory, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return Fault::last("fchownat");
  }
  if (::fchmodat(directory, name, step.node->mode, 0) != 0) return Fault::last("fchmodat");
  return {};
}

Call<void> copy_attached(int filesystem, int result) {
  TRY(sys::set_propagation("/", MS_PRIVATE | MS_REC));
  TRY(sys::move_mount(filesystem, AT_FDCWD, "/"));
  const UniqueFd tree = TRY(sys::open_tree(filesystem, name, OPEN_TREE_CLONE));
  if (::dup3(tree.get(), result, O_CLOEXEC) < 0) return Fault::last("dup3");
  return {};
}

}  // namespace

Call<UniqueFd> make_device_tree(const step::OpenTree& step, int joined_users) {
  Owner owner{step.node->uid, step.node->gid};
  if (joined_users >= 0) owner = TRY(owner_outside(joined_users, owner));
  const UniqueFd filesystem = TRY(small_filesystem());
  TRY(make_node(filesystem.get(), step, owner));
  // The child shares our descriptors and replaces this one with its result.
  UniqueFd result = TRY(open_at(AT_FDCWD, "/", O_PATH));
  const Call<pid_t> child =
      sys::clone3(clone_args{.flags = CLONE_NEWNS | CLONE_FILES, .exit_signal = SIGCHLD});
  if (!child.ok()) return child.error();
  if (*child == 0) {
    const Call<void> copied = copy_attached(filesystem.get(), result.get());
    ::_exit(copied.ok() ? 0 : copied.error().error);
  }
  const int error = exit_status(reap(*child));
  if (error != 0) return Fault{error, "open_tree"};
  return result;
}

}  // namespace tare::runtime
