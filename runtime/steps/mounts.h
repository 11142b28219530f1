// SPDX-License-Identifier: Apache-2.0
//
// Mounts: config.md "Mounts", mount_setattr(2), fsopen(2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

// The flags that mount_setattr(2) sets and clears.
struct AttributeChange {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  [[nodiscard]] bool empty() const { return (set | clear) == 0; }
};

struct MountAttributes {
  AttributeChange top;   // of the mount itself
  AttributeChange tree;  // of the mount and all mounts below it ("rro")
};

namespace step {

// What a bind mount uses if its source is a symbolic link: the target of the link, the link itself
// as a mount, or the text of the link, for the same link in the container.
enum class SourceLink : std::uint8_t { follow, mount, copy };

// How the host makes a device node that does not exist on it. The ids are ids on the host, or in a
// user namespace that the container joins.
struct NodeToMake {
  unsigned mode = 0;  // permission bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Slot joined_users = -1;
};

// A detached copy of a mount tree of the host: of the root file system, the source of a bind mount,
// or a device.
struct OpenTree {
  static constexpr const char* calls = "open_tree mount_setattr";
  static constexpr Actors actors{Actor::host, Actor::init};
  std::string path;
  bool recursive = false;
  unsigned long propagation = 0;  // from the host: MS_SLAVE, MS_PRIVATE or MS_SHARED
  Slot slot;
  int device_type = 0;  // S_IFCHR or S_IFBLK, with the numbers below; 0 if no device is expected
  unsigned device_major = 0;
  unsigned device_minor = 0;
  std::optional<NodeToMake> node;  // used if there is no such device at `path`
  SourceLink link = SourceLink::follow;
  bool from_copy = false;  // from init's copy of the mounts: the mounts below it are locked
  [[nodiscard]] std::string words() const;
};

// Reads the text of a source that is a symbolic link and will be copied. Runs before the first
// clone.
struct ReadLink {
  static constexpr const char* calls = "openat readlinkat";
  static constexpr Actors actors{Actor::host};
  std::string path;
  Slot slot;  // of the tree that is used if the source is no link
  [[nodiscard]] std::string words() const;
};

// Enters init's copy of the host's mounts. In this copy, the kernel has locked the mounts that a
// user namespace must not undo (mount_namespaces(7)). All trees for a container with such a copy
// are opened there. Paths are still looked up with the host's privileges.
struct EnterMountCopy {
  static constexpr const char* calls = "openat setns";
  static constexpr Actors actors{Actor::host};
  bool keeps_root = false;  // tare may run in a chroot, which setns(2) would leave
  [[nodiscard]] std::string words() const;
};

// Returns to the host's own mounts. The next message to init carries the trees.
struct LeaveMountCopy {
  static constexpr const char* calls = "setns fchdir";
  static constexpr Actors actors{Actor::host};
  [[nodiscard]] std::string words() const;
};

// Maps the owners of files on a detached tree (mount_setattr(2), MOUNT_ATTR_IDMAP).
struct MapTree {
  static constexpr const char* calls = "clone3 write mount_setattr";
  static constexpr Actors actors{Actor::host};
  Slot tree;
  std::string source;  // for the description
  bool recursive = false;
  std::string uid_map;  // lines in the format of /proc/PID/uid_map
  std::string gid_map;
  Slot joined_users = -1;  // the user namespace whose maps are used, if none are given
  [[nodiscard]] std::string words() const;
};

// What the options of a tmpfs set for its root directory.
struct GivenForRoot {
  bool mode = false;
  bool uid = false;
  bool gid = false;
};

struct MountFilesystem {
  static constexpr const char* calls = "fsopen fsconfig fsmount openat2 move_mount";
  static constexpr Actors actors{Actor::init};
  std::string type;
  std::string source;
  std::vector<std::pair<std::string, std::string>> data;  // key and value; a flag has no value
  std::vector<std::string> superblock_flags;              // "ro", "sync", ...
  MountAttributes attributes;
  InsidePath destination;
  std::string label;                // SELinux label of its root, if no option sets one
  bool inherits_mode = false;       // a tmpfs over an existing directory takes its mode
  bool copies_up = false;           // copies the contents of the directory into the tmpfs
  GivenForRoot given;               // the copy does not change these
  bool ordinary_directory = false;  // proc, sysfs: the target must not be a symbolic link
  bool covers_procfs = false;       // the target may be in a procfs
  Slot pid_namespace = -1;          // for a procfs of this pid namespace; -1: of init's
  bool kept = false;                // keep its descriptor, for protected paths and VerifyMounts
  std::vector<unsigned long> propagation;
  std::string fallback;  // the host's mount of this type, bound if the kernel refuses a new one
  MountAttributes fallback_attributes;
  [[nodiscard]] std::string words() const;
};

struct MountTree {
  static constexpr const char* calls = "openat2 mount_setattr move_mount";
  static constexpr Actors actors{Actor::init};
  std::string source;  // for the description; the tree is in the slot
  Slot tree;
  MountAttributes attributes;
  InsidePath destination;
  bool verify_procfs = false;  // the source of a bind mount on /proc must be a procfs
  bool onto_link = false;  // mount on a symbolic link at the destination instead of following it
  bool covers_procfs = false;  // the target may be in a procfs
  bool kept = false;           // keep its descriptor, for protected paths and VerifyMounts
  bool is_root = false;        // all later steps are below it
  std::vector<unsigned long> propagation;
  [[nodiscard]] std::string words() const;
};

// `remount` of the mount at the destination.
struct Remount {
  static constexpr const char* calls = "openat2 fspick fsconfig mount_setattr";
  static constexpr Actors actors{Actor::init};
  InsidePath destination;
  bool superblock = false;  // otherwise only the flags of the mount
  std::vector<std::pair<std::string, std::string>> data;
  std::vector<std::string> superblock_flags;
  MountAttributes attributes;
  std::vector<unsigned long> propagation;
  [[nodiscard]] std::string words() const;
};

// Flags that are set only when everything below is in place: a read-only root, /dev, tmpfs.
struct SealMount {
  static constexpr const char* calls = "openat2 mount_setattr";
  static constexpr Actors actors{Actor::init};
  InsidePath destination;
  bool all_below = false;  // also the mounts below it
  [[nodiscard]] std::string words() const;
};

struct MakeDirectory {
  static constexpr const char* calls = "openat2 mkdirat";
  static constexpr Actors actors{Actor::init};
  InsidePath path;
  [[nodiscard]] std::string words() const;
};

// A mount that `mounts remove` will unmount: checks that it is a mount point and may be removed.
struct FindMount {
  static constexpr const char* calls = "openat2 statx readlinkat";
  static constexpr Actors actors{Actor::init};
  InsidePath destination;
  bool onto_link = false;      // as in MountTree
  bool covers_procfs = false;  // the path may be in /proc
  [[nodiscard]] std::string words() const;
};

struct Unmount {
  static constexpr const char* calls = "openat2 statx readlinkat umount2";
  static constexpr Actors actors{Actor::init};
  FindMount mount;
  bool lazy = false;  // detach it now; it goes away when it is no longer in use
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using MountsSteps =
    Steps<step::OpenTree, step::ReadLink, step::EnterMountCopy, step::LeaveMountCopy, step::MapTree,
          step::MountFilesystem, step::MountTree, step::Remount, step::SealMount,
          step::MakeDirectory, step::FindMount, step::Unmount>;

Call<void> perform(const step::OpenTree&, LaunchContext&);
Call<void> perform(const step::ReadLink&, LaunchContext&);
Call<void> perform(const step::EnterMountCopy&, LaunchContext&);
Call<void> perform(const step::LeaveMountCopy&, LaunchContext&);
Result<void> perform(const step::MapTree&, LaunchContext&);
Call<void> perform(const step::MountFilesystem&, LaunchContext&);
Call<void> perform(const step::MountTree&, LaunchContext&);
Call<void> perform(const step::Remount&, LaunchContext&);
Call<void> perform(const step::SealMount&, LaunchContext&);
Call<void> perform(const step::MakeDirectory&, LaunchContext&);
Call<void> perform(const step::FindMount&, LaunchContext&);
Call<void> perform(const step::Unmount&, LaunchContext&);

}  // namespace tare::runtime
