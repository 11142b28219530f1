// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/look/found.h"
#include "runtime/look/now.h"

namespace tare::runtime {

// Checks that each mount of the plan exists, with its flags and its propagation, and that there are
// no others. `has_own_mounts`: the container has a new mount namespace.
void compare_mounts(const Plan& plan, const Now& now, bool has_own_mounts, Found& found);

}  // namespace tare::runtime
