// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/columns.h"

#include <algorithm>

namespace tare::runtime {

std::string in_columns(const std::vector<std::vector<std::string>>& rows, std::size_t least,
                       std::size_t gap) {
  std::vector<std::size_t> widths(rows.front().size(), least);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size() + gap);
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i];
      text.append(widths[i] - row[i].size(), ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace tare::runtime
