// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/columns.h"

#include <algorithm>
#include <utility>

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

std::string two_columns(std::string left, std::string_view right, std::size_t column) {
  constexpr std::size_t columns = 80;
  std::string text = std::move(left);
  std::size_t width = text.size();
  if (width + 2 > column) {
    text += '\n';
    width = 0;
  }
  text.append(column - width, ' ');
  width = column;
  while (!right.empty()) {
    const std::string_view word = right.substr(0, right.find(' '));
    if (width > column && width + 1 + word.size() > columns) {
      text += '\n' + std::string(column, ' ');
      width = column;
    } else if (width > column) {
      text += ' ';
      ++width;
    }
    text += word;
    width += word.size();
    right.remove_prefix(word.size() == right.size() ? right.size() : word.size() + 1);
  }
  return text + '\n';
}

}  // namespace tare::runtime
