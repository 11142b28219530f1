// SPDX-License-Identifier: Apache-2.0
//
// Plans as programs read them, and what two of them do differently.
#pragma once

#include <string>
#include <vector>

#include "oci/output/planned_step.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

std::vector<oci::PlannedStep> planned_steps(const Plan& plan);

// What is in one plan alone, in the order in which both do it: `change` says in which, "-" for the
// first, "+" for the second. Numbers of steps make no difference. Plans that differ in thousands of
// steps are not searched for what they have in common there.
std::vector<oci::PlannedStep> plan_differences(const Plan& first, const Plan& second);

}  // namespace tare::runtime
