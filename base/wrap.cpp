// SPDX-License-Identifier: Apache-2.0
#include "base/wrap.h"

#include <utility>

namespace tare {

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

}  // namespace tare
