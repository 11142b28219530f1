// SPDX-License-Identifier: Apache-2.0
//
// Values of cgroup v1, in which config.json speaks, as values of cgroup v2.
#pragma once

#include <cstdint>
#include <string>

namespace tare::cgroups {

// cpu.shares (2 to 262144, default 1024) as cpu.weight (1 to 10000, default 100), on a curve that
// meets both ends and the default; values outside are taken as the nearest end.
std::uint64_t weight_of_shares(std::uint64_t shares);

// blkio.weight (10 to 1000) as io.weight (1 to 10000), linear. `weight` must be in its range.
std::uint64_t io_weight_of_blkio_weight(std::uint16_t weight);

// A limit, where v2 says "max" for v1's negative numbers.
std::string limit_or_max(std::int64_t limit);

}  // namespace tare::cgroups
