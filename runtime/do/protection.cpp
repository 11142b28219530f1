// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/do/inside.h"
#include "runtime/do/procfs.h"
#include "runtime/plan/visible.h"
#include "runtime/steps/protection.h"

namespace tare::runtime {

Call<void> perform(const step::WriteSysctl& step, LaunchContext&) {
  return write_sysctl(step.path, step.value);
}

namespace {

Call<UniqueFd> open_protected(const step::ProtectedPath& step, const LaunchContext& context) {
  const auto* kept = LaunchContext::find(context.kernel_mounts, InsidePath(step.mount));
  if (!step.mount.empty() && kept != nullptr) {
    return Inside(kept->mount.get())
        .open(InsidePath(step.path.shown.substr(step.mount.size())), O_PATH);
  }
  return context.inside.open(step.path, O_PATH);
}

Fault replaced(LaunchContext& context, const InsidePath& path) {
  context.set_note(path.shown + " was replaced meanwhile");
  return Fault{ESTALE, "statx"};
}

Call<struct statx> look_at(int fd) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &status) != 0) {
    return Fault::last("statx");
  }
  return status;
}

bool is_same_file(const struct statx& one, const struct statx& other) {
  return one.stx_ino == other.stx_ino && one.stx_dev_major == other.stx_dev_major &&
         one.stx_dev_minor == other.stx_dev_minor;
}

// Compares mounts, because two mounts of one file system show the same file.
Call<void> verify(const LaunchContext::Attached& kept, LaunchContext& context) {
  const Inside& inside = context.inside;
  const Call<UniqueFd> present = kept.without_links
                                     ? inside.open_without_links(kept.destination, O_PATH)
                                     : inside.open(kept.destination, O_PATH);
  if (!present.ok()) return present.error();
  const struct statx mounted = TRY(look_at(kept.mount.get()));
  const struct statx found = TRY(look_at(present->get()));
  const bool is_there = mounted.stx_mnt_id == found.stx_mnt_id && is_same_file(mounted, found);
  return is_there ? Call<void>() : replaced(context, kept.destination);
}

// `copy` covers `path`. It has its own copies of the kept mounts at or below `path`.
Call<void> keep_copies(LaunchContext& context, const InsidePath& path, int copy) {
  for (LaunchContext::Attached& kept : context.kernel_mounts) {
    if (!is_at_or_below(kept.destination.shown, path.shown)) continue;
    const InsidePath below(kept.destination.shown.substr(path.shown.size()));
    UniqueFd shown = TRY(Inside(copy).open(below, O_PATH));
    if (!is_same_file(TRY(look_at(kept.mount.get())), TRY(look_at(shown.get())))) {
      return replaced(context, kept.destination);
    }
    kept.mount = std::move(shown);
  }
  return {};
}

}  // namespace

Call<void> perform(const step::VerifyMounts& step, LaunchContext& context) {
  for (const InsidePath& destination : step.destinations) {
    const LaunchContext::Attached* kept = LaunchContext::find(context.kernel_mounts, destination);
    if (kept == nullptr) continue;  // a link that was copied instead of a bind mount
    TRY(verify(*kept, context));
  }
  return {};
}

Call<void> perform(const step::ReadonlyPath& step, LaunchContext& context) {
  Call<UniqueFd> target = open_protected(step, context);
  // the specification: nothing to protect
  if (!target.ok() && target.error().error == ENOENT) return {};
  if (!target.ok()) return target.error();
  const UniqueFd tree =
      TRY(sys::open_tree(target->get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  TRY(sys::mount_setattr(tree.get(), AT_RECURSIVE, attributes));
  TRY(context.mount_on(tree.get(), target->get()));
  return keep_copies(context, step.path, tree.get());
}

namespace {

// The host's /dev/null while it is reachable, never the container's (CVE-2025-31133).
Call<UniqueFd> null_device_mount() {
  UniqueFd mount = TRY(sys::open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE));
  struct stat status {};
  if (::fstat(mount.get(), &status) != 0) return Fault::last("fstat");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) return Fault{ENODEV, "fstat"};
  return mount;
}

Call<UniqueFd> empty_read_only_directory(const std::pair<std::string, std::string>& label) {
  const UniqueFd filesystem = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "source", "tmpfs"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "nr_blocks", "1"));
  // Some kernels count an additional inode.
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "nr_inodes", "2"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "mode", "0755"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_FLAG, "ro", nullptr));
  if (!label.second.empty()) {
    TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, label.first.c_str(),
                      label.second.c_str()));
  }
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
  return sys::fsmount(filesystem.get(),
                      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

// All masked directories share one file system.
Call<void> mask_directory(const step::MaskPath& step, LaunchContext& context, int target) {
  if (!context.empty_directory) {
    context.empty_directory = TRY(empty_read_only_directory(step.label));
    return context.mount_on(context.empty_directory.get(), target);
  }
  const UniqueFd copy =
      TRY(sys::open_tree(context.empty_directory.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE));
  return context.mount_on(copy.get(), target);
}

}  // namespace

Call<void> perform(const step::MaskPath& step, LaunchContext& context) {
  Call<UniqueFd> target = open_protected(step, context);
  // the specification: nothing to mask
  if (!target.ok() && target.error().error == ENOENT) return {};
  if (!target.ok()) return target.error();
  struct stat status {};
  if (::fstat(target->get(), &status) != 0) return Fault::last("fstat");
  if (S_ISDIR(status.st_mode)) return mask_directory(step, context, target->get());
  const UniqueFd null = TRY(null_device_mount());
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  TRY(sys::mount_setattr(null.get(), 0, attributes));
  return context.mount_on(null.get(), target->get());
}

}  // namespace tare::runtime
