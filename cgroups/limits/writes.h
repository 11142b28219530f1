// SPDX-License-Identifier: Apache-2.0
//
// linux.resources as a list of file writes (config-linux.md, "Control groups"): everything but the
// device rules, which have their own header.
#pragma once

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/write.h"
#include "oci/config.h"

namespace tare::cgroups {

// Each controller is served where it lives, v1 or v2; v1 values are converted for v2. The order is
// the order to write in. Errors: a value without an equivalent, an invalid value, a controller that
// is not on this host (unless the value asks for what holds anyway), unified keys without v2.
Result<std::vector<Write>> writes(const oci::Resources& resources,
                                  const std::vector<Directory>& directories);

}  // namespace tare::cgroups
