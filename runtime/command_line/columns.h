// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tare::runtime {

// Rows of equally many cells as lines of text. Every column but the last is `least` wide, or as its
// widest cell needs, with `gap` spaces behind that.
std::string in_columns(const std::vector<std::vector<std::string>>& rows, std::size_t least,
                       std::size_t gap);

}  // namespace tare::runtime
