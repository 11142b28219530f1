// SPDX-License-Identifier: Apache-2.0
#include "base/changes.h"

#include <cstddef>

namespace tare {

Result<void> all_or_nothing(const std::vector<Change>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Result<void> made = changes[i].make();
    if (made.ok()) continue;
    Error error = std::move(made).error();
    std::string lost;
    for (std::size_t back = i + 1; back > 0; --back) {
      const std::string rest = changes[back - 1].take_back();
      if (!rest.empty()) lost += (lost.empty() ? "" : ", ") + rest;
    }
    if (!lost.empty()) error.what += "; not taken back: " + lost;
    return error;
  }
  return {};
}

}  // namespace tare
