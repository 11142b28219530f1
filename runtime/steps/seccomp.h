// SPDX-License-Identifier: Apache-2.0
//
// The filter of system calls: seccomp(2), config-linux.md "Seccomp".
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
  std::uint64_t raise = 0;  // capabilities put in force for it: CAP_SYS_ADMIN without no_new_privs
  bool listens = false;     // the host takes its listener, whose number is told
  [[nodiscard]] std::string words() const;
};

// The host takes the listener of the filter from the process that has loaded it.
struct TakeListener {
  static constexpr const char* calls = "pidfd_getfd readlink";
  static constexpr Actors actors{Actor::host};
  [[nodiscard]] std::string words() const;
};

// And gives it to the agent that answers for it (config-linux.md, "The Container Process State").
struct SendListener {
  static constexpr const char* calls = "connect sendmsg";
  static constexpr Actors actors{Actor::host};
  std::string path;
  std::string metadata;
  [[nodiscard]] std::string words() const;
};

// The host has the listener; a process in the container must not get it from init.
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
