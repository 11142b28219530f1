// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/columns.h"

#include <algorithm>

namespace tare::runtime {

namespace {

// Counts characters. In the lines of a tree, a character can have several bytes.
std::size_t width_of(const std::string& cell) {
  std::size_t width = 0;
  for (const char c : cell) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
  }
  return width;
}

}  // namespace

std::string in_columns(const std::vector<std::vector<std::string>>& rows, std::size_t least,
                       std::size_t gap) {
  std::vector<std::size_t> widths(rows.front().size(), least);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]) + gap);
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i];
      text.append(widths[i] - width_of(row[i]), ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace tare::runtime
