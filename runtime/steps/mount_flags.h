// SPDX-License-Identifier: Apache-2.0
//
// The flags of mount_setattr(2) and their names.
#pragma once

#include <sys/mount.h>

#include <cstdint>

namespace tare::runtime {

struct MountFlag {
  std::uint64_t bits;
  std::uint64_t mask;
  const char* set;    // the name in mountinfo
  const char* clear;  // the name of the opposite in config.json
};

inline constexpr MountFlag mount_flags[] = {
    {MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, "ro", "rw"},
    {MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, "nosuid", "suid"},
    {MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV, "nodev", "dev"},
    {MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec", "exec"},
    {MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
    {MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, "noatime", "atime"},
};

}  // namespace tare::runtime
