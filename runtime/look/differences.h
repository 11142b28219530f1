// SPDX-License-Identifier: Apache-2.0
//
// The differences between a running container and its plan. Pure: it walks the plan again and
// compares each step with the state in the kernel.
#pragma once

#include <vector>

#include "oci/output/difference.h"
#include "runtime/look/now.h"

namespace tare::runtime {

std::vector<oci::Difference> differences(const oci::Config& config, const Plan& plan,
                                         const Now& now);

// The capabilities of a program after execve(2), without set-user-ID and file capabilities:
// capabilities(7), "Transformation of capabilities during execve()".
CapabilitySets after_execve(CapabilitySets sets, bool is_root, bool no_new_privileges);

}  // namespace tare::runtime
