// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/look/found.h"
#include "runtime/look/now.h"

namespace tare::runtime {

// Each mount of the plan is there, with its flags and its propagation, and no other.
// `has_own_mounts`: the mount namespace was made for the container.
void compare_mounts(const Plan& plan, const Now& now, bool has_own_mounts, Found& found);

}  // namespace tare::runtime
