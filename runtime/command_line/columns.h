// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tare::runtime {

// Rows with the same number of cells, as lines of text. A column except the last is as wide as its
// widest cell and at least `least`, followed by `gap` spaces.
std::string in_columns(const std::vector<std::vector<std::string>>& rows, std::size_t least,
                       std::size_t gap);

}  // namespace tare::runtime
