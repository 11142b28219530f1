// SPDX-License-Identifier: Apache-2.0
#include "cgroups/limits/conversion.h"

#include <cmath>

namespace tare::cgroups {

std::uint64_t weight_of_shares(std::uint64_t shares) {
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  // 10^((l² + 125 l) / 612 - 7/34) with l = log2(shares): 2 → 1, 1024 → 100, 262144 → 10000.
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10.0, exponent)));
}

std::uint64_t io_weight_of_blkio_weight(std::uint16_t weight) {
  return 1 + (static_cast<std::uint64_t>(weight) - 10) * 9999 / 990;
}

std::string limit_or_max(std::int64_t limit) {
  return limit < 0 ? "max" : std::to_string(limit);
}

}  // namespace tare::cgroups
