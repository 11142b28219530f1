// SPDX-License-Identifier: Apache-2.0
//
// What a container that runs has otherwise than its plan says. Pure: the plan is walked once more,
// and each step is compared with what the kernel says of it.
#pragma once

#include <vector>

#include "oci/output/difference.h"
#include "runtime/look/now.h"

namespace tare::runtime {

std::vector<oci::Difference> differences(const oci::Config& config, const Plan& plan,
                                         const Now& now);

// The capabilities that execve(2) leaves to a program without set-user-ID and file capabilities:
// capabilities(7), "Transformation of capabilities during execve()".
CapabilitySets after_execve(CapabilitySets sets, bool is_root, bool no_new_privileges);

}  // namespace tare::runtime
