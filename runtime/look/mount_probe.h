// SPDX-License-Identifier: Apache-2.0
//
// What only the kernel can say about the mounts of another mount namespace, and the change of their
// propagation: by a child that joins it. Nobody in a pid namespace of its own can see that child.
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
  bool is_covered = false;          // no path leads to it
};

// A process whose mount namespace is looked at, and whose root paths begin at.
struct Inhabitant {
  int pidfd = -1;
  pid_t pid = 0;
};

// By the number of the mount. A flag is locked if the kernel refuses to take it from a detached
// copy of the mount, which is gone again at once; the mount itself is not touched.
Result<std::map<std::uint64_t, MountProbe>> probe_mounts(const Inhabitant& inhabitant,
                                                         const std::vector<MountLine>& mounts);

// mount_setattr(2) of what is mounted at `path`, a path of the container. `propagation` is
// MS_SHARED and the like.
Result<void> propagate_mount(const Inhabitant& inhabitant, const std::string& path,
                             unsigned long propagation, bool recursive);

}  // namespace tare::runtime
