// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tare {

// `left`, then `right` from `column` on, wrapped between words at 80 columns; a newline at the end.
std::string two_columns(std::string left, std::string_view right, std::size_t column);

}  // namespace tare
