// SPDX-License-Identifier: Apache-2.0
#include "oci/config/memory_policy.h"

#include <algorithm>

#include "oci/config/rules.h"

namespace tare::oci {

namespace {

bool has_flag(const MemoryPolicy& policy, MemoryPolicyFlag flag) {
  return std::find(policy.flags.begin(), policy.flags.end(), flag) != policy.flags.end();
}

// set_mempolicy(2): some modes allow nodes, and some require them.
void nodes(const MemoryPolicy& policy, const Place& place, Problems& problems) {
  const Place at(place, "nodes");
  using enum MemoryPolicyMode;
  check_number_list(policy.nodes, "nodes", highest_node, at, problems);
  if (policy.mode == DEFAULT || policy.mode == LOCAL) {
    if (!policy.nodes.empty()) problems.add(at, "must be empty with this mode");
  } else if (policy.mode != PREFERRED && policy.nodes.empty()) {
    problems.add(at, "must name at least one node with this mode");
  }
}

// set_mempolicy(2): static and relative nodes exclude each other; balancing requires bind.
void flags(const MemoryPolicy& policy, const Place& place, Problems& problems) {
  const Place at(place, "flags");
  using enum MemoryPolicyFlag;
  if (has_flag(policy, STATIC_NODES) && has_flag(policy, RELATIVE_NODES)) {
    problems.add(at, "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
  }
  const bool balances =
      policy.mode == MemoryPolicyMode::BIND || policy.mode == MemoryPolicyMode::PREFERRED_MANY;
  if (has_flag(policy, NUMA_BALANCING) && !balances) {
    problems.add(at,
                 "MPOL_F_NUMA_BALANCING can be used only with MPOL_BIND and MPOL_PREFERRED_MANY");
  }
}

}  // namespace

void check(const MemoryPolicy& policy, const Place& place, Problems& problems) {
  nodes(policy, place, problems);
  flags(policy, place, problems);
}

}  // namespace tare::oci
