// SPDX-License-Identifier: Apache-2.0
//
// linux.resources as a list of file writes (config-linux.md, "Control groups"), except the device
// rules, which have their own header.
#pragma once

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/write.h"
#include "oci/config.h"

namespace tare::cgroups {

// Each controller is used where it is mounted, v1 or v2; v1 values are converted for v2. The list
// is in the order of the writes. Errors: a value without an equivalent, an invalid value, a
// controller that this host does not have (unless the value is what the kernel does anyway),
// unified keys without v2.
Result<std::vector<Write>> writes(const oci::Resources& resources,
                                  const std::vector<Directory>& directories);

}  // namespace tare::cgroups
