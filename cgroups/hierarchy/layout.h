// SPDX-License-Identifier: Apache-2.0
//
// The cgroup hierarchies of this host, and our cgroups in them: cgroups(7), /proc/PID/cgroup. A
// host may have v1 hierarchies, the v2 one, or both (hybrid); every controller is in one of them.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare::cgroups {

struct Hierarchy {
  int version = 2;
  std::string mount;                     // "/sys/fs/cgroup/memory", the kernel's file system
  std::vector<std::string> controllers;  // v1: {"cpu", "cpuacct"} or {"name=systemd"}
                                         // v2: those that the root of the mount offers
  std::string own;                       // our own cgroup below `mount`: "/" or "/a/b"
};

struct Layout {
  std::vector<Hierarchy> hierarchies;  // in the order of /proc/self/cgroup; empty: none mounted
};

// Reads /proc/self/cgroup and checks the usual places below /sys/fs/cgroup. Skips named v1
// hierarchies other than systemd's, which belong to their managers. An error only if /proc cannot
// be read. With a pid, `own` is the cgroup of that process.
Result<Layout> probe(pid_t pid = 0);

// The same for any tree. `self_cgroup` is the text of /proc/PID/cgroup; `mounts` is an open
// directory in place of /sys/fs/cgroup and has the path `mounts_path`; `read_mountinfo` is called
// only if a v1 hierarchy is not at its usual place, or our own cgroup is not below the mount.
Result<Layout> find_hierarchies(std::string_view self_cgroup, int mounts,
                                const std::string& mounts_path,
                                const std::function<Call<std::string>()>& read_mountinfo);

}  // namespace tare::cgroups
