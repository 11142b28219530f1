// SPDX-License-Identifier: Apache-2.0
//
// Who tare is, and what it may do to the host.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/lifecycle/create.h"
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

// The same and what the config needs to know.
Result<Host> look_at_host(const CreateRequest& request, const oci::Config& config);

}  // namespace tare::runtime
