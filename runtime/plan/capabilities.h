// SPDX-License-Identifier: Apache-2.0
//
// Capability names and sets (capabilities(7)); the door to libcap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tare::runtime {

// One bit per capability. Names that the kernel or libcap does not know are left out: the spec asks
// for a warning, not for an error, and the warnings name them.
std::uint64_t capability_set(const std::vector<std::string>& names);

// "CAP_CHOWN", ... all that libcap knows.
std::vector<std::string> known_capabilities();

// Those of a set, in the order of their numbers, separated by blanks: "CAP_CHOWN CAP_KILL". "none"
// of an empty set, "all" of a full one.
std::string capability_names(std::uint64_t set);

// What this process holds: its permitted set.
std::uint64_t own_capabilities();

inline constexpr int capability_count = 64;  // bits in a set

}  // namespace tare::runtime
