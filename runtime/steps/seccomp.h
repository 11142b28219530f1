// SPDX-License-Identifier: Apache-2.0
//
// Steps for the seccomp filter: seccomp(2), config-linux.md "Seccomp".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct LoadSeccomp {
  static constexpr const char* calls = "seccomp";
  static constexpr Actors actors{Actor::stub};
  std::vector<std::uint64_t> program;  // struct sock_filter, 8 bytes each
  unsigned flags = 0;
  // capabilities made effective for it: CAP_SYS_ADMIN without no_new_privs
  std::uint64_t raise = 0;
  bool listens = false;  // the stub reports the listener's number and the host takes it
  [[nodiscard]] std::string words() const;
};

// The host takes the filter's listener from the process that has loaded the filter.
struct TakeListener {
  static constexpr const char* calls = "pidfd_getfd readlink";
  static constexpr Actors actors{Actor::host};
  [[nodiscard]] std::string words() const;
};

// The host sends the listener to the agent (config-linux.md, "The Container Process State").
struct SendListener {
  static constexpr const char* calls = "connect sendmsg";
  static constexpr Actors actors{Actor::host};
  std::string path;
  std::string metadata;
  [[nodiscard]] std::string words() const;
};

// Closes init's copy after the host has taken it, so that no process in the container can get it.
struct CloseListener {
  static constexpr const char* calls = "read close";
  static constexpr Actors actors{Actor::stub};
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using SeccompSteps =
    Steps<step::LoadSeccomp, step::TakeListener, step::SendListener, step::CloseListener>;

Result<void> perform(const step::TakeListener&, LaunchContext&);
Result<void> perform(const step::SendListener&, LaunchContext&);

}  // namespace tare::runtime
