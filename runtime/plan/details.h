// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/plan/plan.h"

namespace tare::runtime {

// The values of a step that its words leave out: "CAP_KILL CAP_CHOWN", "nosuid size=64m". Two steps
// with the same words and the same details do the same. Empty where the words say all.
std::string details(const Plan& plan, const Step& step);

}  // namespace tare::runtime
