// SPDX-License-Identifier: Apache-2.0
//
// Everything that keeps a bundle from running here, at once. Nothing is made, and no step is taken:
// what a create would do is planned, and for each step of the plan it is looked whether what it
// needs is there.
#pragma once

#include <vector>

#include "base/result.h"
#include "runtime/lifecycle/create.h"

namespace tare::runtime {

struct Finding {
  const char* phase;  // "bundle", "schema", "rules", "plan", "host"
  Error error;
};

std::vector<Finding> check_bundle(const CreateRequest& request);

}  // namespace tare::runtime
