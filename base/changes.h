// SPDX-License-Identifier: Apache-2.0
//
// Several changes of which all are made, or none.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tare {

struct Change {
  std::function<Result<void>()> make;
  // After `make`, also one that failed half-way: back to what was before. Returns what could not be
  // taken back, in words, or nothing.
  std::function<std::string()> take_back;
};

// In order. If one fails, it and those before it are taken back, the last one first; the error also
// tells what could not be.
Result<void> all_or_nothing(const std::vector<Change>& changes);

}  // namespace tare
