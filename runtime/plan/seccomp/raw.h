// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare::runtime {

// A complete filter program as base64 of struct sock_filter[]. It is checked as seccomp(2) will
// check it, so that the error names the wrong instruction and comes before any change.
Result<std::vector<std::uint64_t>> decode_filter(std::string_view base64,
                                                 const std::string& pointer);

// Whether some instruction can make a call wait for an agent (SECCOMP_RET_USER_NOTIF).
bool may_notify(const std::vector<std::uint64_t>& program);

// A system call as a filter sees it; omitted arguments are 0.
struct SystemCall {
  long number;
  std::array<std::uint64_t, 6> arguments{};
};

// Whether the filter allows all of them unchanged.
bool lets_through(const std::vector<std::uint64_t>& program, std::span<const SystemCall> calls);

// Whether write(2) with arguments of 0 waits for the agent. The report of the filter's listener
// would then wait for an agent that does not have the listener yet.
bool stops_write(const std::vector<std::uint64_t>& program);

}  // namespace tare::runtime
