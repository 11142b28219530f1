// SPDX-License-Identifier: Apache-2.0
//
// Pausing a container: the v1 freezer controller where there is one, else v2's cgroup.freeze.
#pragma once

#include <chrono>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// Where the container is frozen: v1's freezer, else v2; nullptr if the host has neither.
const Directory* freezer_of(const std::vector<Directory>& directories);

// Also true while the kernel is still freezing; false if the cgroup is gone, or there is no
// hierarchy that can freeze.
Result<bool> is_frozen(const std::vector<Directory>& directories);
Call<bool> is_frozen(int version, int directory);

// Returns when every process is frozen. At the deadline all is thawed again, and the error is
// ETIMEDOUT. Kind::unsupported without a freezer.
Result<void> freeze(const std::vector<Directory>& directories, std::chrono::milliseconds timeout);

// Returns when the kernel has thawed the container's own cgroup.
Result<void> thaw(const std::vector<Directory>& directories, std::chrono::milliseconds timeout);

// SIGKILL does not reach what the v1 freezer holds: thaws the container's cgroup and all below it.
// v2 lets SIGKILL through, there it does nothing.
Result<void> thaw_all(const std::vector<Directory>& directories);

}  // namespace tare::cgroups
