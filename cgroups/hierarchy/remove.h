// SPDX-License-Identifier: Apache-2.0
//
// Removing a container's cgroups.
#pragma once

#include <chrono>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// Removes each directory that was made for this container, with all cgroups below it, then those
// above it that were made too and are empty now. Of a directory that was there before, only what is
// below it goes. A cgroup whose processes are still dying is tried again until the deadline, which
// all directories share. What is gone already is fine. Goes on after a failure; the first one is
// returned.
Result<void> remove_cgroups(const std::vector<Directory>& directories,
                            std::chrono::milliseconds timeout);

}  // namespace tare::cgroups
