// SPDX-License-Identifier: Apache-2.0
//
// What a record says, in the types of those who act on it.
#pragma once

#include <vector>

#include "cgroups/hierarchy/place.h"
#include "oci/record.h"

namespace tare::runtime {

// Where the container was put in the cgroup hierarchies, and the way back.
std::vector<cgroups::Directory> recorded_cgroup(const oci::Record& record);
std::vector<oci::RecordedCgroup> recorded(const std::vector<cgroups::Directory>& directories);

// Its processes end with init: it has a pid namespace that was made for it.
bool owns_pid_namespace(const oci::Record& record);

}  // namespace tare::runtime
