// SPDX-License-Identifier: Apache-2.0
//
// The processes of a container, according to its cgroups. All functions take the directories of a
// container's record, refuse unsafe ones (place.h), and include the cgroups that the container
// created below its own. A removed cgroup has no processes.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// From the most complete hierarchy: that of the pids controller, else of memory, else the first.
// Sorted, each once.
Result<std::vector<pid_t>> processes(const std::vector<Directory>& directories);

// The processes of one open cgroup and those below it.
Call<std::vector<pid_t>> processes_below(int directory);

// Sends `signal` to every process. SIGKILL also reaches a frozen container, even one that froze a
// part of itself, and leaves nothing frozen; with other signals a paused container stays paused.
// Forks cannot escape: v2 kills with cgroup.kill (Linux 5.14), otherwise the processes are frozen
// meanwhile.
Result<void> kill_all(const std::vector<Directory>& directories, int signal);

}  // namespace tare::cgroups
