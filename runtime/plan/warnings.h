// SPDX-License-Identifier: Apache-2.0
//
// What a config asks for and does not get, where the specification wants a warning and no error.
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// One each, with a pointer; `warnings` has their messages.
std::vector<Error> doubts(const oci::Config& config, const Host& host);
std::vector<std::string> warnings(const oci::Config& config, const Host& host);

}  // namespace tare::runtime
