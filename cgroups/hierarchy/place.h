// SPDX-License-Identifier: Apache-2.0
//
// A container's place in every hierarchy: linux.cgroupsPath (config-linux.md, "Cgroups Path").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/layout.h"

namespace tare::cgroups {

// A container's cgroup in one hierarchy, as in the container's record.
struct Directory {
  int version = 2;
  std::string mount;                     // as in Hierarchy
  std::string path;                      // "/a/b" below the mount; never "/", never with ".."
  std::vector<std::string> controllers;  // as in Hierarchy
  unsigned made = 0;  // number of trailing components of `path` created for this container
};

// The directories of both versions, or of one.
enum class Versions { all, v1, v2 };

// An absolute path is relative to the mount. A relative one, or none (then `id`), starts at our own
// cgroup: v1 below it, v2 beside it, because a v2 cgroup with processes cannot have children with
// controllers. ".." is resolved by text and stops at the start of the path. Errors at
// /linux/cgroupsPath: the path is the start itself, has a control character, or a component over
// 255 bytes.
Result<std::vector<Directory>> place(const Layout& layout, const std::string& cgroups_path,
                                     const std::string& id);

// Whether a recorded directory may be changed: an absolute, clean path below the mount.
bool is_safe(const Directory& directory);

// "open cgroup /sys/fs/cgroup/memory/a/b: ...".
Error in_directory(Fault fault, const char* verb, const Directory& directory);

// "/sys/fs/cgroup/memory/a/b", for messages and for system calls that take no descriptor.
std::string full_path(const Directory& directory);

}  // namespace tare::cgroups
