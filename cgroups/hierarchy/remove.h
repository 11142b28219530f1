// SPDX-License-Identifier: Apache-2.0
//
// Removing a container's cgroups.
#pragma once

#include <chrono>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// Removes each directory that was created for this container, with all cgroups below it, then its
// created parents if they are empty now. Of an existing directory only the contents are removed. A
// cgroup whose processes are still dying is retried until the deadline, which all directories
// share. A missing directory is no error. Continues after a failure; the first one is returned.
Result<void> remove_cgroups(const std::vector<Directory>& directories,
                            std::chrono::milliseconds timeout);

// Removes directories that were created for the container and have no process and no cgroup below
// them. False if one of them is not so; then some may be removed.
bool remove_empty(const std::vector<Directory>& directories);

}  // namespace tare::cgroups
