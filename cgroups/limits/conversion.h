// SPDX-License-Identifier: Apache-2.0
//
// Converts values of cgroup v1, which config.json uses, to cgroup v2.
#pragma once

#include <cstdint>
#include <string>

namespace tare::cgroups {

// cpu.shares (2 to 262144, default 1024) as cpu.weight (1 to 10000, default 100), on a curve
// through both ends and the default. Values outside become the nearest end.
std::uint64_t weight_of_shares(std::uint64_t shares);

// blkio.weight (10 to 1000) as io.weight (1 to 10000), linear. `weight` must be in its range.
std::uint64_t io_weight_of_blkio_weight(std::uint16_t weight);

// A limit; v1's negative numbers become "max" in v2.
std::string limit_or_max(std::int64_t limit);

}  // namespace tare::cgroups
