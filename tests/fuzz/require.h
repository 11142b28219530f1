// SPDX-License-Identifier: Apache-2.0
//
// What must hold for any input of a fuzz target.
#pragma once

#include <cstdlib>

namespace tare {

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace tare
