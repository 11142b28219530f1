// SPDX-License-Identifier: Apache-2.0
//
// Another process in a running container: for `exec` and for startContainer hooks.
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
  PlanOptions options;  // the descriptors that it gets; everything else is the container's
  std::vector<std::string> cgroups;  // "[CONTROLLER,...:]PATH" below the container's own
  bool is_hook = false;
};

// Uses only the container's record, never its bundle, which may have changed. The process enters
// the current cgroups of the container's init.
Result<Plan> plan_joiner(const Container& container, Joiner joiner);

}  // namespace tare::runtime
