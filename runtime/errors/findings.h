// SPDX-License-Identifier: Apache-2.0
//
// What this host shows about a failure, looked up when somebody asks: `tare why`.
#pragma once

#include <string>
#include <vector>

#include "oci/last_failure.h"

namespace tare::runtime {

// One sentence each. `value` is the JSON text of the property at the failure's origin, or empty.
std::vector<std::string> findings(const oci::Failure& failure, const std::string& value);

}  // namespace tare::runtime
