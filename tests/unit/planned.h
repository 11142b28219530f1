// SPDX-License-Identifier: Apache-2.0
//
// Plans of literal configurations for hosts that are made by hand: no root, no effects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/config.h"
#include "runtime/plan/plan.h"

namespace tare::runtime::planned {

// The hosts that there are. The container's cgroup is "/box" in each hierarchy.
Host v1_host();
Host hybrid_host();
Host v2_host();
Host bare_host();  // no cgroups

PlanOptions options();

// A config.json with root, process (cwd "/", args "/bin/true", HOME set) and these members, which
// win over the former. It has passed the checks of the document.
oci::Config config(std::string_view members);
std::string document(std::string_view members);
// "linux" with a mount namespace and these further members.
std::string with_mounts(std::string_view linux_members = "");

Plan plan(std::string_view members, const Host& host = bare_host(),
          const PlanOptions& given = options());
// For what the planner itself refuses, if the checks of the document let it through.
Error refusal(std::string_view members);

// The numbers of the steps of one type, in order.
template <class Type>
std::vector<std::size_t> positions(const Plan& plan) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (std::holds_alternative<Type>(plan.steps[i].action)) found.push_back(i);
  }
  return found;
}

template <class Type>
std::vector<Type> all(const Plan& plan) {
  std::vector<Type> found;
  for (const Step& step : plan.steps) {
    if (const auto* action = std::get_if<Type>(&step.action)) found.push_back(*action);
  }
  return found;
}

}  // namespace tare::runtime::planned
