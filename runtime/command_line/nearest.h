// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace tare::runtime {

// The one of `names` that the user probably meant with `typed`, or "" if none is similar. At most
// one letter in three may be missing, added, wrong or swapped with its neighbour.
std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& names);

}  // namespace tare::runtime
