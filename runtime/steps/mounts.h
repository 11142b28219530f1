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

// Flags of mount_setattr(2) to set and to clear.
struct AttributeChange {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  [[nodiscard]] bool empty() const { return (set | clear) == 0; }
};

struct MountAttributes {
  AttributeChange top;   // of the mount itself
  AttributeChange tree;  // of it and all beneath ("rro")
};

namespace step {

// What a bind mount takes if its source is a symbolic link: what the link leads to, the link itself
// as a mount, or its text, for a link in the container.
enum class SourceLink : std::uint8_t { follow, mount, copy };

// How the host makes a device that it has not got itself. The ids are the host's, or those of a
// user namespace that is joined.
struct NodeToMake {
  unsigned mode = 0;  // permission bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Slot joined_users = -1;
};

// A detached copy of a mount tree of the host: the root file system, a bind mount's source, a
// device.
struct OpenTree {
  static constexpr const char* calls = "open_tree mount_setattr";
  static constexpr Actors actors{Actor::host, Actor::init};
  std::string path;
  bool recursive = false;
  unsigned long propagation =
      0;  // MS_SLAVE, MS_PRIVATE, MS_SHARED: how it hears of the host's mounts
  Slot slot;
  int device_type = 0;  // S_IFCHR or S_IFBLK with the numbers below; 0: no device is expected
  unsigned device_major = 0;
  unsigned device_minor = 0;
  std::optional<NodeToMake> node;  // if there is no such device at `path`
  SourceLink link = SourceLink::follow;
  bool from_copy = false;  // of the host's mounts, in a user namespace: what is below is locked
  [[nodiscard]] std::string words() const;
};

// The text of a source that is a symbolic link and is to be copied, while nothing is cloned yet.
struct ReadLink {
  static constexpr const char* calls = "openat readlinkat";
  static constexpr Actors actors{Actor::host};
  std::string path;
  Slot slot;  // of the tree that is taken if it is none
  [[nodiscard]] std::string words() const;
};

// To init's copy of the host's mounts, in which the kernel has locked what a user namespace must
// not undo (mount_namespaces(7)): all trees for such a container are taken there. Paths are looked
// up with the host's rights all the same.
struct EnterMountCopy {
  static constexpr const char* calls = "openat setns";
  static constexpr Actors actors{Actor::host};
  bool keeps_root = false;  // tare may be in a chroot, which setns(2) would leave
  [[nodiscard]] std::string words() const;
};

// And back. The next message to init brings it the trees.
struct LeaveMountCopy {
  static constexpr const char* calls = "setns fchdir";
  static constexpr Actors actors{Actor::host};
  [[nodiscard]] std::string words() const;
};

// Translates the owners of files on a detached tree (mount_setattr(2), MOUNT_ATTR_IDMAP).
struct MapTree {
  static constexpr const char* calls = "clone3 write mount_setattr";
  static constexpr Actors actors{Actor::host};
  Slot tree;
  std::string source;  // for the words
  bool recursive = false;
  std::string uid_map;  // lines as /proc/PID/uid_map takes them
  std::string gid_map;
  Slot joined_users = -1;  // the user namespace that has the maps, if they are not given
  [[nodiscard]] std::string words() const;
};

// What the options of a tmpfs say about its root directory.
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
  std::string label;                // SELinux's for its root, where no option says it
  bool inherits_mode = false;       // tmpfs over a directory that was there takes its mode
  bool copies_up = false;           // the directory's contents, into the tmpfs
  GivenForRoot given;               // what the copy leaves as it is
  bool ordinary_directory = false;  // proc, sysfs: the target may be no symbolic link
  bool covers_procfs = false;       // the target may be in a procfs
  Slot pid_namespace = -1;          // a procfs of this one; -1: of init's
  bool kept = false;                // for protected paths and VerifyMounts
  std::vector<unsigned long> propagation;
  std::string fallback;  // the host's mount of this type, bound where the kernel makes no new one
  MountAttributes fallback_attributes;
  [[nodiscard]] std::string words() const;
};

struct MountTree {
  static constexpr const char* calls = "openat2 mount_setattr move_mount";
  static constexpr Actors actors{Actor::init};
  std::string source;  // for the words; the tree is in the slot
  Slot tree;
  MountAttributes attributes;
  InsidePath destination;
  bool verify_procfs = false;  // a bind on /proc must be of a procfs
  bool onto_link = false;      // a symbolic link at the destination is covered, not followed
  bool covers_procfs = false;  // the target may be in a procfs
  bool kept = false;           // for protected paths and VerifyMounts
  bool is_root = false;        // all that follows is beneath it
  std::vector<unsigned long> propagation;
  [[nodiscard]] std::string words() const;
};

// `remount` of what is mounted at the destination.
struct Remount {
  static constexpr const char* calls = "openat2 fspick fsconfig mount_setattr";
  static constexpr Actors actors{Actor::init};
  InsidePath destination;
  bool superblock = false;  // else only the mount's own flags
  std::vector<std::pair<std::string, std::string>> data;
  std::vector<std::string> superblock_flags;
  MountAttributes attributes;
  std::vector<unsigned long> propagation;
  [[nodiscard]] std::string words() const;
};

// Flags that must wait until everything beneath is in place: a read-only root, /dev, tmpfs.
struct SealMount {
  static constexpr const char* calls = "openat2 mount_setattr";
  static constexpr Actors actors{Actor::init};
  InsidePath destination;
  bool all_below = false;  // and what is mounted below it
  [[nodiscard]] std::string words() const;
};

struct MakeDirectory {
  static constexpr const char* calls = "openat2 mkdirat";
  static constexpr Actors actors{Actor::init};
  InsidePath path;
  [[nodiscard]] std::string words() const;
};

// Something that `mounts remove` will unmount: a mount point, and none that it must not touch.
struct FindMount {
  static constexpr const char* calls = "openat2 statx readlinkat";
  static constexpr Actors actors{Actor::init};
  InsidePath destination;
  bool onto_link = false;      // as of MountTree
  bool covers_procfs = false;  // the place may be in /proc
  [[nodiscard]] std::string words() const;
};

struct Unmount {
  static constexpr const char* calls = "openat2 statx readlinkat umount2";
  static constexpr Actors actors{Actor::init};
  FindMount mount;
  bool lazy = false;  // out of sight now, gone when nobody uses it any more
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
