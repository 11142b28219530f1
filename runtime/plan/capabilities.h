// SPDX-License-Identifier: Apache-2.0
//
// Capability names and sets (capabilities(7)); the door to libcap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tare::runtime {

// One bit per capability. Names that the kernel or libcap does not know are skipped, because the
// specification asks for a warning, not an error; plan/warnings.h names them.
std::uint64_t capability_set(const std::vector<std::string>& names);

// All names that libcap knows: "CAP_CHOWN", ...
std::vector<std::string> known_capabilities();

// Those of a set, in the order of their numbers, separated by blanks: "CAP_CHOWN CAP_KILL". "none"
// of an empty set, "all" of a full one.
std::string capability_names(std::uint64_t set);

// The permitted set of this process.
std::uint64_t own_capabilities();

inline constexpr int capability_count = 64;  // bits in a set

}  // namespace tare::runtime
