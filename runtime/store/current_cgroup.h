// SPDX-License-Identifier: Apache-2.0
//
// The current cgroups of a container: the recorded ones, unless init was moved to another cgroup
// and the container's own was removed, as Kubernetes does for BuildKit.
#pragma once

#include <vector>

#include "cgroups/hierarchy/place.h"
#include "oci/record.h"

namespace tare::runtime {

// For a process that joins the container: the cgroup of init. A v2 cgroup that enables controllers
// for its children holds no processes; then init is below it.
std::vector<cgroups::Directory> cgroup_to_join(const oci::Record& record);

// For a command that acts on all processes of the container: the same, but another cgroup than the
// recorded one only if all its processes are in the container's own pid namespace.
std::vector<cgroups::Directory> current_cgroup(const oci::Record& record);

// The one of these that can freeze the container; none if the host has none.
std::vector<cgroups::Directory> current_freezer(const oci::Record& record);

}  // namespace tare::runtime
