// SPDX-License-Identifier: Apache-2.0
//
// One more process in a container that runs: `exec`, and hooks of the kind startContainer.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/plan/plan.h"
#include "runtime/store/container.h"

namespace tare::runtime {

struct Joiner {
  oci::Process process;
  PlanOptions options;               // the descriptors that it gets; the rest is the container's
  std::vector<std::string> cgroups;  // "[CONTROLLER,...:]PATH" below the container's own
  bool is_hook = false;
};

// From the container's record alone, never from its bundle, which may have changed. It goes where
// the container's init is, as the kernel tells.
Result<Plan> plan_joiner(const Container& container, Joiner joiner);

}  // namespace tare::runtime
