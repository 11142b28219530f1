// SPDX-License-Identifier: Apache-2.0
//
// What a process needs to enter the cgroup of a running container.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

struct Entries {
  UniqueFd v2;  // the directory, for clone3(CLONE_INTO_CGROUP)
  // `tasks` of every v1 hierarchy, for writing: a single-threaded process that writes "0" to each
  // enters them all without waiting for the kernel's threadgroup lock (Linux 5.19).
  std::vector<UniqueFd> tasks;
  // With `counts_last` the hierarchy that counts processes (`pids`) is only here: the process
  // enters it later than the others, and v2 by `cgroup.procs`. At the process limit the kernel
  // allows a move but refuses a clone.
  UniqueFd of_count;
};

// `recorded`: the directories in the container's record.
Result<Entries> open_entries(const std::vector<Directory>& recorded, bool counts_last);

}  // namespace tare::cgroups
