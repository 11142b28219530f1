// SPDX-License-Identifier: Apache-2.0
//
// A list of changes: all are made, or none.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tare {

struct Change {
  std::function<Result<void>()> make;
  // Undoes `make`, even one that failed half-way. Returns a description of what could not be
  // undone, or nothing.
  std::function<std::string()> take_back;
};

// Makes them in order. If one fails, it and those before it are undone, newest first; the error
// also lists what could not be undone.
Result<void> all_or_nothing(const std::vector<Change>& changes);

}  // namespace tare
