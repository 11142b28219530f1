// SPDX-License-Identifier: Apache-2.0
//
// The classic BPF of a seccomp filter: from ranges of system-call numbers to instructions.
#pragma once

#include <cstdint>
#include <vector>

#include "oci/config.h"

namespace tare::runtime::seccomp {

using Condition = oci::SyscallArg;  // on a call's argument `index`, 0 to 5
using Action = std::uint32_t;       // SECCOMP_RET_*, with its data

struct Branch {
  std::vector<Condition> conditions;  // all must hold
  Action action = 0;

  bool operator==(const Branch&) const = default;
};

// The calls from `first` up to the next range: the first branch that holds, else `otherwise`.
struct Range {
  std::uint32_t first = 0;
  std::vector<Branch> branches;
  Action otherwise = 0;
  bool wide = true;  // arguments have 64 bits; otherwise conditions check the lower 32
};

struct Architecture {
  std::uint32_t audit = 0;    // AUDIT_ARCH_*, as the kernel reports it
  std::vector<Range> ranges;  // ascending, the first starts at 0
};

// Instructions as struct sock_filter, 8 bytes each. The calls of each architecture are found by
// binary search, which runs faster than a list and takes about eight comparisons.
std::vector<std::uint64_t> assemble(const std::vector<Architecture>& architectures,
                                    Action other_architectures);

}  // namespace tare::runtime::seccomp
