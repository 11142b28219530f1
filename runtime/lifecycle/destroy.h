// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/errors/log.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// Runs only the poststop hooks, for a create that failed in a hook.
void run_poststop_hooks(const oci::Hooks& hooks, const oci::State& state, const Log& log);

// runtime.md "Delete": removes everything that create made, in any recorded phase: processes,
// cgroups, mounts on the host, the record. Then runs the poststop hooks, whose failures are only
// warnings. Every wait has a deadline.
Result<void> destroy_container(const Store& store, const Container& container, const Log& log);

}  // namespace tare::runtime
