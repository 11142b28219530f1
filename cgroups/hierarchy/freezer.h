// SPDX-License-Identifier: Apache-2.0
//
// Pauses a container: with the v1 freezer controller if there is one, otherwise with v2's
// cgroup.freeze.
#pragma once

#include <chrono>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// The directory that freezes the container: v1's freezer, otherwise v2; nullptr if the host has
// neither.
const Directory* freezer_of(const std::vector<Directory>& directories);

// Also true while the kernel is still freezing. False if the cgroup is gone or no hierarchy can
// freeze.
Result<bool> is_frozen(const std::vector<Directory>& directories);
Call<bool> is_frozen(int version, int directory);

// Returns when every process is frozen. At the deadline it thaws all again and returns ETIMEDOUT.
// Kind::unsupported without a freezer.
Result<void> freeze(const std::vector<Directory>& directories, std::chrono::milliseconds timeout);

// Returns when the kernel has thawed the container's own cgroup.
Result<void> thaw(const std::vector<Directory>& directories, std::chrono::milliseconds timeout);

// SIGKILL does not reach processes that the v1 freezer holds: thaws the container's cgroup and all
// below it. On v2, where SIGKILL reaches frozen processes, this does nothing.
Result<void> thaw_all(const std::vector<Directory>& directories);

}  // namespace tare::cgroups
