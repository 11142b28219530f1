// SPDX-License-Identifier: Apache-2.0
//
// Where a container is in the cgroup hierarchies now. That is what its record says, unless its init
// was moved to another cgroup and the container's own was removed, as Kubernetes does it for
// BuildKit.
#pragma once

#include <vector>

#include "cgroups/hierarchy/place.h"
#include "oci/record.h"

namespace tare::runtime {

// For a process that joins the container: where its init is. A v2 cgroup that hands controllers on
// holds no process; then init is below it.
std::vector<cgroups::Directory> cgroup_to_join(const oci::Record& record);

// For a command that acts on all processes there: the same, but a cgroup that is not the recorded
// one only if all its processes are in the container's own pid namespace.
std::vector<cgroups::Directory> current_cgroup(const oci::Record& record);

// Of these the one that can freeze it; none if the host has none.
std::vector<cgroups::Directory> current_freezer(const oci::Record& record);

}  // namespace tare::runtime
