// SPDX-License-Identifier: Apache-2.0
//
// Preparations of a new cgroup before a process may enter it; the steps of Cgroup::make.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/writes.h"

namespace tare::cgroups {

// Creates the directory and missing parents, and stores their number in `place.made`. On failure it
// leaves none of them.
Call<void> make_directory(Directory& place);

// An existing cgroup that has processes or is frozen belongs to somebody else: Kind::refused
// (config-linux.md, "Control groups": fit for purpose).
Result<void> check_unused(const Directory& place, int directory);

// The hierarchy in which systemd tracks the processes of its units, in any layout; systemd may or
// may not use other v1 hierarchies.
bool is_made_by_systemd(const Directory& place);

// After a scope was started: checks that only `init` is in the cgroup, or moves it there, with
// `may_move`.
Result<void> check_holds_only(const Directory& place, int directory, pid_t init, bool may_move);

// Moves all threads of a process into the cgroup.
Result<void> move_process(const Directory& place, int directory, pid_t process);

// v2: enables the controllers of the hierarchy down to this cgroup. Those that a write of `planned`
// needs must be enabled afterwards; the error is at the write's origin. Others, used for
// statistics, may be refused.
Result<void> enable_controllers(const Directory& place, int directory,
                                const std::vector<const Write*>& planned);

// v1: a new cpuset has no CPUs and memory nodes. Copies those of the closest ancestor that has
// some.
Call<void> initialise_cpuset(const Directory& place);

}  // namespace tare::cgroups
