// SPDX-License-Identifier: Apache-2.0
//
// The NUMA memory policy of a process, from proc(5) numa_maps: a line for each mapping, with the
// policy of the process where the mapping has none of its own.
#pragma once

#include <string>
#include <string_view>

#include "runtime/steps/process.h"

namespace tare::runtime {

// The policy as numa_maps spells it: "bind=static:0-1".
std::string shown_policy(const step::SetMemoryPolicy& step);

// Whether a mapping has this policy. The nodes may be fewer than configured: a cpuset takes away
// those that it does not have.
bool has_policy(std::string_view numa_maps, const step::SetMemoryPolicy& step);

// That of the first mapping.
std::string_view first_policy(std::string_view numa_maps);

}  // namespace tare::runtime
