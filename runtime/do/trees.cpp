// SPDX-License-Identifier: Apache-2.0
//
// Detached copies of the host's mount trees, and their idmaps.
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/do/device_tree.h"
#include "runtime/do/trees.h"
#include "runtime/host/user_namespace.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

namespace {

Call<void> verify_device(const step::OpenTree& step, int tree) {
  if (step.device_type == 0) return {};
  struct stat status {};
  if (::fstat(tree, &status) != 0) return Fault::last("fstat");
  const bool same = static_cast<int>(status.st_mode & S_IFMT) == step.device_type &&
                    status.st_rdev == makedev(step.device_major, step.device_minor);
  return same ? Call<void>() : Fault{ENODEV, "fstat"};
}

// The name for a magic number of statfs(2), for common file systems.
std::string filesystem_name(long type) {
  struct Name {
    long type;
    const char* name;
  };
  constexpr Name names[] = {
      {0xEF53, "ext4"},      {0x58465342, "xfs"},       {0x9123683E, "btrfs"},
      {0x01021994, "tmpfs"}, {0x794C7630, "overlayfs"}, {0x9FA0, "proc"},
      {0x62656572, "sysfs"}, {0x6969, "nfs"},           {0x65735546, "fuse"},
      {0x01021997, "9p"},    {0x27E0EB, "cgroup"},      {0x63677270, "cgroup2"},
  };
  for (const auto& entry : names) {
    if (entry.type == type) return entry.name;
  }
  return "a file system of type " + std::to_string(type);
}

// The text of the symbolic link at this path, or nothing if it is not a link.
Call<std::string> link_text(const std::string& path) {
  const UniqueFd file = TRY(open_at(AT_FDCWD, path.c_str(), O_PATH | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Fault::last("fstat");
  if (!S_ISLNK(status.st_mode)) return std::string();
  std::array<char, PATH_MAX> text{};
  const ssize_t length = ::readlinkat(file.get(), "", text.data(), text.size());
  if (length < 0) return Fault::last("readlinkat");
  return std::string(text.data(), static_cast<std::size_t>(length));
}

}  // namespace

Call<UniqueFd> clone_tree(const step::OpenTree& step) {
  const unsigned flags = OPEN_TREE_CLONE | (step.recursive ? AT_RECURSIVE : 0U) |
                         (step.link == step::SourceLink::mount ? AT_SYMLINK_NOFOLLOW : 0U);
  UniqueFd tree = TRY(sys::open_tree(AT_FDCWD, step.path.c_str(), flags));
  if (step.propagation == 0) return tree;
  mount_attr attributes{};
  attributes.propagation = step.propagation & ~static_cast<unsigned long>(MS_REC);
  const unsigned recursive = (step.propagation & MS_REC) != 0 ? AT_RECURSIVE : 0U;
  TRY(sys::mount_setattr(tree.get(), recursive, attributes));
  return tree;
}

namespace {

Call<UniqueFd> open_source(const step::OpenTree& step) {
  UniqueFd tree = TRY(clone_tree(step));
  TRY(verify_device(step, tree.get()));
  return tree;
}

// Whether a mount of this number is in the mount namespace.
bool is_mounted(std::uint64_t number) {
  const auto mounts = read_mounts();
  return mounts.ok() && std::ranges::any_of(*mounts, [&](const MountLine& mount) {
           return mount.number == number;
         });
}

// EINVAL, in a copy of the host's mounts: a lone mount would show what those below it cover, and a
// link of procfs leads to the mounts of another process.
void note_refused_copy(const step::OpenTree& step, LaunchContext& context) {
  struct statx status {};
  if (::statx(AT_FDCWD, step.path.c_str(), 0, STATX_MNT_ID, &status) != 0) return;
  if (!is_mounted(status.stx_mnt_id)) {
    context.set_note("it is on a mount of another mount namespace");
  } else if (!step.recursive) {
    context.set_note("mounts below it must not be left out in a user namespace: rbind takes them");
  }
}

// In a user namespace a device is the host's node at the same path, or one that is created for it.
Call<UniqueFd> open_or_make(const step::OpenTree& step, LaunchContext& context) {
  Call<UniqueFd> tree = open_source(step);
  if (!tree.ok() && tree.error().error == EINVAL && step.from_copy) {
    note_refused_copy(step, context);
  }
  if (tree.ok() || step.device_type == 0) return tree;
  const bool is_missing = tree.error().error == ENOENT || tree.error().error == ENODEV;
  if (is_missing && step.node) {
    const Slot users = step.node->joined_users;
    return make_device_tree(step, users < 0 ? -1 : context.joined(users));
  }
  if (is_missing) {
    context.set_note(tree.error().error == ENODEV
                         ? "the host's file is not the device, which a user namespace needs here"
                         : "in a user namespace the host must have the device at this path");
  }
  return tree;
}

}  // namespace

Call<void> perform(const step::OpenTree& step, LaunchContext& context) {
  UniqueFd& place = context.trees[static_cast<std::size_t>(step.slot)];
  if (place) return {};  // taken before the launch
  std::string& text = context.links[static_cast<std::size_t>(step.slot)];
  const bool was_read = context.own_place.has_value();  // by ReadLink
  if (step.link == step::SourceLink::copy && !was_read) text = TRY(link_text(step.path));
  if (!text.empty()) return {};
  place = TRY(open_or_make(step, context));
  return {};
}

Call<void> perform(const step::ReadLink& step, LaunchContext& context) {
  context.links[static_cast<std::size_t>(step.slot)] = TRY(link_text(step.path));
  return {};
}

Result<void> perform(const step::MapTree& step, LaunchContext& context) {
  UniqueFd made;
  if (step.joined_users < 0) made = TRY(make_user_namespace(step.uid_map, step.gid_map));
  const int users = made ? made.get() : context.joined(step.joined_users);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(users);
  const int tree = context.tree(step.tree);
  const Call<void> mapped =
      sys::mount_setattr(tree, step.recursive ? AT_RECURSIVE : 0U, attributes);
  if (mapped.ok()) return {};
  Error error = mapped.error();
  struct statfs status {};
  if (error.error == EINVAL && ::fstatfs(tree, &status) == 0) {
    return std::move(error).with_hint("it is on " + filesystem_name(status.f_type) +
                                      ", whose mounts this kernel cannot map");
  }
  return error;
}

}  // namespace tare::runtime
