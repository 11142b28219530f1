// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "cgroups/place.h"

namespace tare::cgroups {

// How many processes of the cgroup the kernel has killed because it ran out of memory (v2
// memory.events, v1 memory.oom_control); 0 where it cannot be known.
std::uint64_t oom_kills(const std::vector<Directory>& directories);

}  // namespace tare::cgroups
