// SPDX-License-Identifier: Apache-2.0
//
// Who tare is, and what it may do to the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// False also for the root of a container.
bool is_root_of_host();

// Fills in which of them are in force, if the config has a label for any.
void look_at_security_modules(const oci::Config& config, Host& host);

// RLIMIT_NPROC, the hard limit.
std::uint64_t own_process_limit();

// What it may do, whatever the container.
Host look_at_caller();

enum class CgroupManager { cgroupfs, systemd, disabled };

// What the caller wants of the host.
struct HostRequest {
  std::string id;  // the container's
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  std::optional<bool> rootless;  // go without cgroups that may not be made; else: as tare's ids say
};

// The same and what the config needs to know.
Result<Host> look_at_host(const HostRequest& request, const oci::Config& config);

}  // namespace tare::runtime
