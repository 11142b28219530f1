// SPDX-License-Identifier: Apache-2.0
//
// linux.memoryPolicy (config-linux.md, "Memory policy").
#pragma once

#include <array>
#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

enum class MemoryPolicyMode {
  DEFAULT,
  BIND,
  INTERLEAVE,
  WEIGHTED_INTERLEAVE,
  PREFERRED,
  PREFERRED_MANY,
  LOCAL
};

template <>
struct Names<MemoryPolicyMode> {
  using enum MemoryPolicyMode;
  static constexpr std::array table = {
      EnumName<MemoryPolicyMode>{DEFAULT, "MPOL_DEFAULT"},
      EnumName<MemoryPolicyMode>{BIND, "MPOL_BIND"},
      EnumName<MemoryPolicyMode>{INTERLEAVE, "MPOL_INTERLEAVE"},
      EnumName<MemoryPolicyMode>{WEIGHTED_INTERLEAVE, "MPOL_WEIGHTED_INTERLEAVE"},
      EnumName<MemoryPolicyMode>{PREFERRED, "MPOL_PREFERRED"},
      EnumName<MemoryPolicyMode>{PREFERRED_MANY, "MPOL_PREFERRED_MANY"},
      EnumName<MemoryPolicyMode>{LOCAL, "MPOL_LOCAL"},
  };
};

enum class MemoryPolicyFlag { NUMA_BALANCING, RELATIVE_NODES, STATIC_NODES };

template <>
struct Names<MemoryPolicyFlag> {
  using enum MemoryPolicyFlag;
  static constexpr std::array table = {
      EnumName<MemoryPolicyFlag>{NUMA_BALANCING, "MPOL_F_NUMA_BALANCING"},
      EnumName<MemoryPolicyFlag>{RELATIVE_NODES, "MPOL_F_RELATIVE_NODES"},
      EnumName<MemoryPolicyFlag>{STATIC_NODES, "MPOL_F_STATIC_NODES"},
  };
};

struct MemoryPolicy {
  MemoryPolicyMode mode = MemoryPolicyMode::DEFAULT;
  std::string nodes;
  std::vector<MemoryPolicyFlag> flags;
};

constexpr auto fields(Of<MemoryPolicy>) {
  return Table{
      Field<&MemoryPolicy::mode>{"mode", Presence::required},
      Field<&MemoryPolicy::nodes>{"nodes"},
      Field<&MemoryPolicy::flags>{"flags"},
  };
}

}  // namespace tare::oci
