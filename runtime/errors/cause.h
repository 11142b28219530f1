// SPDX-License-Identifier: Apache-2.0
//
// Why a call failed on this host. Determined after the failure, so that a hint states the actual
// reason and does not list possible ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cgroups/hierarchy/place.h"
#include "runtime/steps/identity.h"
#include "runtime/steps/process.h"

namespace tare::runtime {

// For a clone3(2) with these CLONE_NEW*, into this cgroup; nothing if the errno is clear.
std::string cause_of_clone(int error, std::uint64_t namespaces,
                           const std::vector<cgroups::Directory>& cgroup);

// For the EAGAIN of a fork in this cgroup.
std::string cause_of_fork(const std::vector<cgroups::Directory>& cgroup);

// For the EPERM of prlimit(2).
std::string cause_of_rlimit(const step::SetRlimit& step);

// For the EPERM of sched_setattr(2) in this cgroup.
std::string cause_of_scheduler(const step::SetScheduler& step,
                               const std::vector<cgroups::Directory>& cgroup);

// For a label that the kernel refuses; `root` stands for the host's "/".
std::string cause_of_label(int error, const step::SetLabel& step, int root);

// "tare does not hold CAP_SYS_NICE", or `otherwise` if it does.
std::string without_capability(int capability, std::string otherwise);

// A seccomp filter is in force on tare itself.
bool is_filtered();

}  // namespace tare::runtime
