// SPDX-License-Identifier: Apache-2.0
//
// Steps for hooks: config.md "POSIX-platform Hooks".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// A hook of runtime.md's life cycle, run by the host or, in the container's namespaces, by init.
struct RunHook {
  static constexpr const char* calls = "clone3 execve pidfd_open poll";
  static constexpr Actors actors{Actor::host, Actor::init};
  std::string kind;  // "createRuntime"
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string output;  // a file to append standard output to; empty: keep the output for the error
  std::string errors;  // the same for standard error
  bool inherits_env = false;
  std::int64_t timeout_seconds = 0;  // 0: none
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using HooksSteps = Steps<step::RunHook>;

}  // namespace tare::runtime
