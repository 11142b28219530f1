// SPDX-License-Identifier: Apache-2.0
//
// Cgroups of a caller without privilege: what was delegated to it is used, the rest is done
// without.
#pragma once

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/writes.h"

namespace tare::cgroups {

// Of `places`, as made by place() for this layout, those that the caller may make and enter. One
// that a limit needs is an error at the limit's origin which names the file that is in the way.
Result<std::vector<Directory>> permitted(const Layout& layout, std::vector<Directory> places,
                                         const std::vector<Write>& limits);

}  // namespace tare::cgroups
