// SPDX-License-Identifier: Apache-2.0
//
// Finds all problems that keep a bundle from running on this host. It creates nothing and performs
// no step: it plans a create, and checks for each step whether the host has what the step needs.
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
