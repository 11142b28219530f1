// SPDX-License-Identifier: Apache-2.0
//
// tare's identity and its privileges on the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// Also false for root of a container.
bool is_root_of_host();

// Sets which modules are enabled, if the config has a label for any.
void look_at_security_modules(const oci::Config& config, Host& host);

// RLIMIT_NPROC, the hard limit.
std::uint64_t own_process_limit();

// tare's privileges, independent of the container.
Host look_at_caller();

enum class CgroupManager { cgroupfs, systemd, disabled };

// The caller's options about the host.
struct HostRequest {
  std::string id;  // the container's
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  // ignore cgroups that tare may not create; unset: decided by tare's ids
  std::optional<bool> rootless;
};

// The same, and the facts that the config needs.
Result<Host> look_at_host(const HostRequest& request, const oci::Config& config);

}  // namespace tare::runtime
