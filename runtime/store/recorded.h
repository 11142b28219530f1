// SPDX-License-Identifier: Apache-2.0
//
// The contents of a record in the types of its users.
#pragma once

#include <vector>

#include "cgroups/hierarchy/place.h"
#include "oci/record.h"

namespace tare::runtime {

// The container's cgroups, and the reverse.
std::vector<cgroups::Directory> recorded_cgroup(const oci::Record& record);
std::vector<oci::RecordedCgroup> recorded(const std::vector<cgroups::Directory>& directories);

// True if its processes end with init, because it has a pid namespace of its own.
bool owns_pid_namespace(const oci::Record& record);

}  // namespace tare::runtime
