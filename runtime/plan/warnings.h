// SPDX-License-Identifier: Apache-2.0
//
// Properties of a config that are not applied, where the specification asks for a warning instead
// of an error.
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// One for each, with a pointer; `warnings` has their messages.
std::vector<Error> doubts(const oci::Config& config, const Host& host);
std::vector<std::string> warnings(const oci::Config& config, const Host& host);

}  // namespace tare::runtime
