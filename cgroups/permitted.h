// SPDX-License-Identifier: Apache-2.0
//
// Cgroups of an unprivileged caller: delegated ones are used, others are ignored.
#pragma once

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/writes.h"

namespace tare::cgroups {

// The elements of `places`, from place() for this layout, that the caller may create and enter. If
// a limit needs another one, that is an error at the limit's origin; it names the file without
// permission.
Result<std::vector<Directory>> permitted(const Layout& layout, std::vector<Directory> places,
                                         const std::vector<Write>& limits);

}  // namespace tare::cgroups
