// SPDX-License-Identifier: Apache-2.0
//
// The processes of a container, as its cgroups tell. All functions take the directories as a
// container's record has them, refuse unsafe ones (place.h), and look into the cgroups that the
// container made below its own; a cgroup that is gone holds no process.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// From the hierarchy that tells most: that of the pids controller, else of memory, else the first.
// Sorted, each once.
Result<std::vector<pid_t>> processes(const std::vector<Directory>& directories);

// The processes of one open cgroup and those below it.
Call<std::vector<pid_t>> processes_below(int directory);

// Sends `signal` to every process. SIGKILL reaches a frozen container too, also one that froze a
// part of itself, and leaves nothing frozen; other signals leave a paused container paused. Forks
// cannot escape: v2 kills by cgroup.kill (Linux 5.14), everything else is frozen meanwhile.
Result<void> kill_all(const std::vector<Directory>& directories, int signal);

}  // namespace tare::cgroups
