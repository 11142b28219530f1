// SPDX-License-Identifier: Apache-2.0
//
// What a new cgroup needs before a process may enter it; the steps of Cgroup::make.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/writes.h"

namespace tare::cgroups {

// Makes the directory and those above it that are missing, and notes in `place.made` how many. On
// failure none that it made is left.
Call<void> make_directory(Directory& place);

// An existing cgroup with processes or frozen belongs to someone: Kind::refused
// (config-linux.md, "Control groups": fit for purpose).
Result<void> check_unused(const Directory& place, int directory);

// Where systemd tracks the processes of its units, in any set-up; other v1 hierarchies it uses or
// not.
bool is_made_by_systemd(const Directory& place);

// After a scope was started: `init` and nobody else is in the cgroup, or is now, with `may_move`.
Result<void> check_holds_only(const Directory& place, int directory, pid_t init, bool may_move);

// All threads of a process into the cgroup.
Result<void> move_process(const Directory& place, int directory, pid_t process);

// v2: the controllers of the hierarchy, down to this cgroup. Those that a write of `planned` needs
// must be there afterwards; the error is at the write's origin. Others, which are for statistics,
// may be refused.
Result<void> enable_controllers(const Directory& place, int directory,
                                const std::vector<const Write*>& planned);

// v1: a new cpuset has neither CPUs nor memory nodes. Copies the parent's, from the first ancestor
// that has some.
Call<void> initialise_cpuset(const Directory& place);

}  // namespace tare::cgroups
