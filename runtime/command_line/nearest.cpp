// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/nearest.h"

#include <algorithm>
#include <cstddef>

namespace tare::runtime {

namespace {

// A longer word is not a mistyped name, and the time grows with the square of its length.
constexpr std::size_t longest_name = 64;

// Optimal string alignment distance. Keeps only the last three rows of the matrix.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> above(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t wrong = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + wrong});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[to.size()];
}

}  // namespace

std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& names) {
  if (typed.size() > longest_name) return {};
  std::string_view best;
  std::size_t least = typed.size() / 3 + 1;
  for (const std::string_view name : names) {
    const std::size_t changes = edit_distance(typed, name);
    if (changes < least) {
      least = changes;
      best = name;
    }
  }
  return best;
}

}  // namespace tare::runtime
