// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/pins.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/namespaces/relations.h"

namespace tare::runtime {

namespace {

struct Place {
  UniqueFd directory;
  std::string name;
};

// Symbolic links in the directory part are followed. The last component is not.
Result<Place> place_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return Error(Error::Kind::usage, printable(path) + " is not a file name");
  }
  const std::string above = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  UniqueFd directory = TRY(open_at(AT_FDCWD, above.c_str(), O_PATH | O_DIRECTORY)
                               .because("open the directory " + printable(above)));
  return Place{std::move(directory), name};
}

Error refused(const char* name, const char* why) {
  return Error(Error::Kind::refused, printable(name) + " " + why);
}

struct Target {
  UniqueFd fd;  // an O_PATH descriptor
  bool made = false;
};

Result<Target> take_file(int directory, const char* name) {
  const int made = ::openat(directory, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  const UniqueFd file(made);
  if (made < 0 && errno != EEXIST) {
    return Error(Fault::last("openat"), "make the file " + printable(name));
  }
  UniqueFd target = TRY(
      open_at(directory, name, O_PATH | O_NOFOLLOW).because("open the file " + printable(name)));
  struct stat status {};
  if (::fstat(target.get(), &status) != 0) return Error(Fault::last("fstat"), printable(name));
  if (S_ISLNK(status.st_mode)) return refused(name, "is a link");
  if (is_namespace_file(target.get())) return refused(name, "holds a namespace already");
  if (!S_ISREG(status.st_mode) || status.st_size != 0) return refused(name, "is not an empty file");
  return Target{std::move(target), made >= 0};
}

// namespaces(7), mount_namespaces(7): mount namespaces must not hold each other in a cycle. So only
// an older one can hold a mount namespace, and only on a mount that does not propagate.
Error cannot_mount(const OpenedNamespace& one, Fault fault, const char* name) {
  if (fault.error == ELOOP) {
    return refused(name,
                   "cannot hold this mount namespace: only a mount namespace that is older can");
  }
  Error error(fault, std::string("mount the ") + kind_of(one.link.type).proc_name +
                         " namespace on " + printable(name));
  const bool is_shared = fault.error == EINVAL && one.link.type == oci::NamespaceType::mount;
  if (!is_shared) return error;
  return std::move(error).with_hint(
      "a mount namespace can be held only on a mount that is private (mount --make-private)");
}

Call<void> mount_on(int from, int target) {
  const UniqueFd tree = TRY(sys::open_tree(from, "", OPEN_TREE_CLONE | AT_EMPTY_PATH));
  return sys::move_mount(tree.get(), target, "");
}

}  // namespace

Result<void> pin_at(const OpenedNamespace& one, int directory, const char* name) {
  const Target target = TRY(take_file(directory, name));
  const Call<void> mounted = mount_on(one.fd.get(), target.fd.get());
  if (mounted.ok()) return {};
  if (target.made) ::unlinkat(directory, name, 0);
  return cannot_mount(one, mounted.error(), name);
}

// Removing the file also removes its mounts in other mount namespaces, where copies of it may
// exist.
Result<void> unpin_at(int directory, const char* name) {
  const UniqueFd place = TRY(
      open_at(directory, name, O_PATH | O_NOFOLLOW).because("open the file " + printable(name)));
  struct stat status {};
  if (::fstat(place.get(), &status) != 0) return Error(Fault::last("fstat"), printable(name));
  if (S_ISLNK(status.st_mode)) return refused(name, "is a link");
  if (!is_namespace_file(place.get())) return refused(name, "is not a pinned namespace");
  const std::string mounted = "/proc/self/fd/" + std::to_string(place.get());
  if (::umount2(mounted.c_str(), MNT_DETACH) != 0) {
    return Error(Fault::last("umount2"), "unmount the namespace on " + printable(name));
  }
  const bool is_below = ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_below || !S_ISREG(status.st_mode) || status.st_size != 0) return {};
  if (::unlinkat(directory, name, 0) == 0 || errno == ENOENT || errno == EBUSY) return {};
  return Error(Fault::last("unlinkat"), "remove the file " + printable(name));
}

Result<void> pin(const OpenedNamespace& one, const std::string& path) {
  const Place place = TRY(place_of(path));
  return pin_at(one, place.directory.get(), place.name.c_str());
}

Result<void> unpin(const std::string& path) {
  const Place place = TRY(place_of(path));
  return unpin_at(place.directory.get(), place.name.c_str());
}

PinsTogether::~PinsTogether() {
  for (const std::string& path : paths_) (void)unpin(path);
}

Result<void> PinsTogether::add(const OpenedNamespace& one, const std::string& path) {
  TRY(pin(one, path));
  paths_.push_back(path);
  return {};
}

}  // namespace tare::runtime
