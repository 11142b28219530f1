// SPDX-License-Identifier: Apache-2.0
//
// Queries that only the kernel can answer about mounts in another mount namespace, and changes of
// their propagation. A child joins that namespace. Processes in a pid namespace of their own cannot
// see the child.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/mountinfo.h"
#include "base/result.h"

namespace tare::runtime {

struct MountProbe {
  std::vector<std::string> locked;  // "ro", "nosuid"
  bool is_covered = false;          // no path leads to the mount
};

// A process: its mount namespace is inspected, and paths begin at its root.
struct Inhabitant {
  int pidfd = -1;
  pid_t pid = 0;
};

// The results by mount number. A flag is locked if the kernel refuses to clear it on a detached
// copy of the mount. The copy is removed at once, and the mount itself is not changed.
Result<std::map<std::uint64_t, MountProbe>> probe_mounts(const Inhabitant& inhabitant,
                                                         const std::vector<MountLine>& mounts);

// Calls mount_setattr(2) on the mount at `path`, a path in the container. `propagation` is
// MS_SHARED or another type.
Result<void> propagate_mount(const Inhabitant& inhabitant, const std::string& path,
                             unsigned long propagation, bool recursive);

}  // namespace tare::runtime
