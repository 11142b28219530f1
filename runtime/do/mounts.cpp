// SPDX-License-Identifier: Apache-2.0
//
// Mounts below the container's root with the descriptor API (fsopen(2), open_tree(2),
// mount_setattr(2), move_mount(2)). Flags are set before a mount is attached, and targets are
// descriptors. If the process ends, the kernel removes its mounts that are not attached yet.
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/context.h"
#include "runtime/do/copy_up.h"
#include "runtime/do/inside.h"
#include "runtime/do/procfs.h"
#include "runtime/plan/visible.h"
#include "runtime/steps/mounts.h"
#include "runtime/steps/protection.h"

namespace tare::runtime {

namespace {

// The kernel's message about a file system context: "e tmpfs: Bad value for 'size'".
void note_log(LaunchContext& context, int filesystem) {
  std::array<char, sizeof(context.note)> line{};
  const ssize_t length = ::read(filesystem, line.data(), line.size() - 1);
  if (length <= 2) return;  // no message; the note is optional
  std::string_view words(line.data(), static_cast<std::size_t>(length));
  words.remove_prefix(2);
  context.set_note(without_newline(words));
}

// Sets the parameters of a superblock: of a new file system, or on a remount.
Call<void> set_parameters(int filesystem, const std::vector<std::string>& flags,
                          const std::vector<std::pair<std::string, std::string>>& data) {
  for (const auto& flag : flags) {
    TRY(sys::fsconfig(filesystem, FSCONFIG_SET_FLAG, flag.c_str(), nullptr));
  }
  for (const auto& [key, value] : data) {
    const bool flag = value.empty();
    TRY(sys::fsconfig(filesystem, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key.c_str(),
                      flag ? nullptr : value.c_str()));
  }
  return {};
}

// A tmpfs that covers a directory takes over its mode.
Call<void> inherit_mode(int filesystem, int target) {
  struct stat status {};
  if (::fstat(target, &status) != 0) return Fault::last("fstat");
  std::array<char, 8> octal{};
  unsigned mode = status.st_mode & 07777U;
  std::size_t at = octal.size() - 1;
  do {
    octal[--at] = static_cast<char>('0' + (mode & 7));
    mode >>= 3;
  } while (mode != 0);
  return sys::fsconfig(filesystem, FSCONFIG_SET_STRING, "mode", &octal[at]);
}

Call<void> apply_change(int mount, const AttributeChange& change, unsigned flags) {
  if (change.empty()) return {};
  mount_attr attributes{};
  attributes.attr_set = change.set;
  attributes.attr_clr = change.clear;
  return sys::mount_setattr(mount, flags, attributes);
}

Call<void> apply_attributes(int mount, const MountAttributes& attributes) {
  TRY(apply_change(mount, attributes.top, 0));
  return apply_change(mount, attributes.tree, AT_RECURSIVE);
}

// One after the other, because the result of several types depends on their order.
Call<void> propagate(int mount, const std::vector<unsigned long>& types) {
  for (const unsigned long type : types) {
    mount_attr attributes{};
    attributes.propagation = type & ~static_cast<unsigned long>(MS_REC);
    TRY(sys::mount_setattr(mount, (type & MS_REC) != 0 ? AT_RECURSIVE : 0, attributes));
  }
  return {};
}

Call<void> label_root(int mount, const std::string& label) {
  const UniqueFd root = TRY(open_at(mount, ".", O_RDONLY | O_DIRECTORY));
  if (::fsetxattr(root.get(), "security.selinux", label.data(), label.size(), 0) != 0 &&
      errno != ENOTSUP) {
    return Fault::last("fsetxattr");
  }
  return {};
}

struct Flag {
  std::uint64_t attribute;
  unsigned long shown;  // in statfs(2)
  const char* word;
};
constexpr Flag lockable[] = {
    {MOUNT_ATTR_RDONLY, ST_RDONLY, " ro"},
    {MOUNT_ATTR_NOSUID, ST_NOSUID, " nosuid"},
    {MOUNT_ATTR_NODEV, ST_NODEV, " nodev"},
    {MOUNT_ATTR_NOEXEC, ST_NOEXEC, " noexec"},
};

// The kernel locks the access time flags whatever their value is.
bool changes_times(const MountAttributes& attributes, unsigned long shown) {
  const std::uint64_t set = attributes.top.set | attributes.tree.set;
  const std::uint64_t clear = attributes.top.clear | attributes.tree.clear;
  const std::uint64_t now = (shown & ST_NOATIME) != 0    ? MOUNT_ATTR_NOATIME
                            : (shown & ST_RELATIME) != 0 ? MOUNT_ATTR_RELATIME
                                                         : MOUNT_ATTR_STRICTATIME;
  const bool of_directories = (shown & ST_NODIRATIME) == 0;
  return ((clear & MOUNT_ATTR__ATIME) != 0 && (set & MOUNT_ATTR__ATIME) != now) ||
         ((of_directories ? set : clear) & MOUNT_ATTR_NODIRATIME) != 0;
}

// The flags that the kernel refused to change.
std::string locked_words(const MountAttributes& attributes, unsigned long shown) {
  const std::uint64_t cleared = attributes.top.clear | attributes.tree.clear;
  std::string words;
  for (const Flag& flag : lockable) {
    if ((cleared & flag.attribute) != 0 && (shown & flag.shown) != 0) words += flag.word;
  }
  return changes_times(attributes, shown) ? words + " atime" : words;
}

// mount_namespaces(7): flags of mounts from a more privileged mount namespace are locked.
Call<void> apply_unless_locked(LaunchContext& context, int mount,
                               const MountAttributes& attributes) {
  Call<void> applied = apply_attributes(mount, attributes);
  struct statfs status {};
  if (applied.ok() || applied.error().error != EPERM || ::fstatfs(mount, &status) != 0) {
    return applied;
  }
  const std::string locked = locked_words(attributes, static_cast<unsigned long>(status.f_flags));
  if (!locked.empty()) {
    context.set_note("locked by the host's mount, which no user namespace may undo:" + locked);
  } else if (attributes.tree.clear != 0) {
    context.set_note("locked by a mount of the host below it, which no user namespace may undo");
  }
  return applied;
}

Call<Inside::Target> directory_target(LaunchContext& context, const InsidePath& path,
                                      bool ordinary) {
  const auto links = ordinary ? Inside::Links::refused : Inside::Links::followed;
  Call<Inside::Target> target = context.inside.make_directory(path, links);
  const int error = target.ok() ? 0 : target.error().error;
  if (ordinary && (error == ELOOP || error == ENOTDIR)) {
    context.set_note("must be mounted on ordinary directory");
  }
  return target;
}

Call<Inside::Target> target_like(LaunchContext& context, int source, const step::MountTree& step) {
  struct stat status {};
  if (::fstat(source, &status) != 0) return Fault::last("fstat");
  const InsidePath& path = step.destination;
  if (step.onto_link) {
    Call<UniqueFd> present = context.inside.open(path, O_PATH | O_NOFOLLOW);
    if (present.ok()) return Inside::Target{.fd = std::move(present).value()};
    if (present.error().error != ENOENT) return present.error();
  }
  return S_ISDIR(status.st_mode) ? context.inside.make_directory(path)
                                 : context.inside.make_file(path);
}

// Makes the same link in the container. An existing link with the same text is fine.
Call<void> copy_link(LaunchContext& context, const std::string& text, const InsidePath& path) {
  const Inside::Place place = TRY(context.inside.make_parent(path));
  const int directory = place.directory;
  if (::symlinkat(text.c_str(), directory, place.name.c_str()) == 0) return {};
  if (errno != EEXIST) return Fault::last("symlinkat");
  std::array<char, PATH_MAX> present{};
  const ssize_t length =
      ::readlinkat(directory, place.name.c_str(), present.data(), present.size());
  const bool same =
      length >= 0 && text == std::string_view(present.data(), static_cast<std::size_t>(length));
  return same ? Call<void>() : Fault{EEXIST, "symlinkat"};
}

// A symbolic link in the image may lead into /proc. A mount there would hide process information,
// or redirect writes to it (CVE-2019-16884). So tare checks the file system of the target, not its
// name. One that tare has made is not in procfs, where nothing can be made.
Call<void> check_cover(LaunchContext& context, const Inside::Target& made, bool may_cover_procfs) {
  const bool is_made = !made.was_there && made.is_in_kept;
  if (may_cover_procfs || is_made) return {};
  const int target = made.fd.get();
  struct statfs status {};
  if (::fstatfs(target, &status) != 0) return Fault::last("fstatfs");
  if (status.f_type != PROC_SUPER_MAGIC) return {};
  std::array<char, 256> place{};
  const std::string link = "/proc/self/fd/" + std::to_string(target);
  [[maybe_unused]] const ssize_t length = ::readlink(link.c_str(), place.data(), place.size() - 1);
  context.set_note(std::string("leads into procfs: ") + place.data());
  return Fault{EPERM, "fstatfs"};
}

bool is_of_type(int fd, std::string_view type) {
  constexpr long mqueue_magic = 0x19800202;  // from ipc/mqueue.c; no header has it
  struct statfs status {};
  const long magic = type == "proc"    ? PROC_SUPER_MAGIC
                     : type == "sysfs" ? SYSFS_MAGIC
                                       : mqueue_magic;
  return ::fstatfs(fd, &status) == 0 && status.f_type == magic;
}

// In a user namespace, the kernel makes a new procfs only if a visible procfs has nothing mounted
// over parts of it: mount_too_revealing() of fs/namespace.c.
void note_covered(LaunchContext& context, std::string_view type) {
  if (type != "proc") return;
  const auto mounts = read_mounts();
  if (!mounts.ok()) return;
  for (const MountLine& mount : *mounts) {
    if (!mount.point.starts_with("/proc/")) continue;
    context.set_note("it would show what is covered here, such as " + mount.point);
    return;
  }
}

Call<UniqueFd> after_refusal(LaunchContext& context, const step::MountFilesystem& step,
                             Fault refusal) {
  note_covered(context, step.type);
  if (step.fallback.empty()) return refusal;
  Call<UniqueFd> tree =
      sys::open_tree(AT_FDCWD, step.fallback.c_str(), OPEN_TREE_CLONE | AT_RECURSIVE);
  if (!tree.ok() || !is_of_type(tree->get(), step.type)) return refusal;
  const Call<void> applied = apply_attributes(tree->get(), step.fallback_attributes);
  if (applied.ok()) return tree;
  context.set_note(std::string("a new one: ") + refusal.call + ": " + errno_name(refusal.error) +
                   "; then the host's own");
  return applied.error();
}

// move_mount(2) fails with EINVAL if one of the two is a directory and the other is not. docker
// looks for "not a directory" and then asks about the two.
void note_kinds(LaunchContext& context, int source, int target) {
  struct stat from {};
  struct stat to {};
  if (::fstat(source, &from) != 0 || ::fstat(target, &to) != 0) return;
  if (S_ISDIR(from.st_mode) == S_ISDIR(to.st_mode)) return;
  context.set_note(S_ISDIR(from.st_mode)
                       ? "the source is a directory, the destination is not a directory"
                       : "the destination is a directory, the source is not a directory");
}

Call<UniqueFd> another(int fd) {
  UniqueFd same(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!same) return Fault::last("fcntl");
  return same;
}

// tare undoes a mount by its descriptor, because another mount may have the same path by then.
Call<void> attach(LaunchContext& context, int mount, const Inside::Target& target,
                  const InsidePath& destination) {
  UniqueFd own;
  if (context.plan.takes_mounts_back) own = TRY(another(mount));
  TRY(context.mount_on(mount, target));
  if (own) context.taken_back.push_back({destination, std::move(own)});
  return {};
}

}  // namespace

Call<void> LaunchContext::mount_on(int mount, int target) {
  inside.forget();
  return sys::move_mount(mount, target, "");
}

Call<void> LaunchContext::mount_on(int mount, const Inside::Target& target) {
  if (!target.is_in_kept) inside.forget();
  return sys::move_mount(mount, target.fd.get(), "");
}

const LaunchContext::Attached* LaunchContext::find(const std::vector<Attached>& mounts,
                                                   const InsidePath& place) {
  for (std::size_t i = mounts.size(); i-- > 0;) {
    if (mounts[i].destination.shown == place.shown) return &mounts[i];
  }
  return nullptr;
}

Call<void> perform(const step::MountFilesystem& step, LaunchContext& context) {
  const Inside::Target target =
      TRY(directory_target(context, step.destination, step.ordinary_directory));
  TRY(check_cover(context, target, step.covers_procfs));
  UniqueFd filesystem;
  const auto create = [&]() -> Call<UniqueFd> {
    if (step.type == "proc") {
      filesystem = TRY(open_new_procfs(context.joined(step.pid_namespace)));
    } else {
      filesystem = TRY(sys::fsopen(step.type.c_str()));
    }
    TRY(sys::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "source", step.source.c_str()));
    TRY(set_parameters(filesystem.get(), step.superblock_flags, step.data));
    if (step.inherits_mode && target.was_there)
      TRY(inherit_mode(filesystem.get(), target.fd.get()));
    TRY(sys::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
    // A new mount has no flags to clear, and no mounts below it.
    const std::uint64_t set = step.attributes.top.set | step.attributes.tree.set;
    return sys::fsmount(filesystem.get(), static_cast<unsigned>(set));
  };
  Call<UniqueFd> mount = create();
  if (!mount.ok()) {
    if (filesystem.valid()) note_log(context, filesystem.get());
    if (mount.error().error == EPERM) mount = after_refusal(context, step, mount.error());
  }
  if (!mount.ok()) return mount.error();
  if (!step.label.empty()) TRY(label_root(mount->get(), step.label));
  if (step.copies_up) TRY(copy_tree(target.fd.get(), mount->get(), step.given));
  TRY(attach(context, mount->get(), target, step.destination));
  TRY(propagate(mount->get(), step.propagation));
  if (step.kept) {
    context.kernel_mounts.push_back(
        {step.destination, std::move(mount).value(), step.ordinary_directory});
  }
  return {};
}

Call<void> perform(const step::MountTree& step, LaunchContext& context) {
  const std::string& link = context.links[static_cast<std::size_t>(step.tree)];
  if (!link.empty()) return copy_link(context, link, step.destination);
  const int tree = context.tree(step.tree);
  if (step.verify_procfs) {
    struct statfs status {};
    if (::fstatfs(tree, &status) != 0) return Fault::last("fstatfs");
    if (status.f_type != PROC_SUPER_MAGIC) {
      context.set_note("only a procfs may be mounted on /proc");
      return Fault{EPERM, "fstatfs"};
    }
  }
  const Inside::Target target = TRY(target_like(context, tree, step));
  TRY(check_cover(context, target, step.covers_procfs));
  TRY(apply_unless_locked(context, tree, step.attributes));
  const Call<void> attached = attach(context, tree, target, step.destination);
  if (!attached.ok()) note_kinds(context, tree, target.fd.get());
  TRY(attached);
  TRY(propagate(tree, step.propagation));
  if (step.kept) context.kernel_mounts.push_back({step.destination, TRY(another(tree))});
  if (step.is_root) context.take_root(TRY(another(tree)));
  return {};
}

Call<void> perform(const step::Remount& step, LaunchContext& context) {
  const UniqueFd target = TRY(context.inside.open(step.destination, O_PATH));
  if (step.superblock) {
    const UniqueFd filesystem = TRY(sys::fspick(target.get(), ""));
    Call<void> result = set_parameters(filesystem.get(), step.superblock_flags, step.data);
    if (result.ok()) {
      result = sys::fsconfig(filesystem.get(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr);
    }
    if (!result.ok()) {
      note_log(context, filesystem.get());
      return result;
    }
  }
  TRY(apply_unless_locked(context, target.get(), step.attributes));
  return propagate(target.get(), step.propagation);
}

Call<void> perform(const step::SealMount& step, LaunchContext& context) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  const unsigned extent = step.all_below ? AT_RECURSIVE : 0;
  if (step.destination.shown == "/") {
    return sys::mount_setattr(context.root.get(), extent, attributes);
  }
  if (const auto* own = LaunchContext::find(context.taken_back, step.destination); own != nullptr) {
    return sys::mount_setattr(own->mount.get(), extent, attributes);
  }
  const UniqueFd target = TRY(context.inside.open(step.destination, O_PATH));
  return sys::mount_setattr(target.get(), extent, attributes);
}

}  // namespace tare::runtime
