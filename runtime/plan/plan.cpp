// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/plan.h"

#include <algorithm>

namespace tare::runtime {

bool Plan::announced(int step) const {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& s) { return s.after == step; });
}

}  // namespace tare::runtime
