// SPDX-License-Identifier: Apache-2.0
//
// Runs one hook (config.md "POSIX-platform Hooks"; runtime.md "Lifecycle").
#pragma once

#include <sys/types.h>

#include <array>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/output/state.h"
#include "runtime/steps/hooks.h"

namespace tare::runtime {

struct HookOutcome {
  int wait_status = 0;     // as in wait(2)
  bool timed_out = false;  // killed, with its process group
  std::string output;      // the end of its stdout and stderr, unless they go to files
  [[nodiscard]] bool succeeded() const { return !timed_out && wait_status == 0; }
};

// Runs the hook in the caller's namespaces, with `state` on its standard input, and waits for the
// hook, but not for children that it leaves behind. Returns a Fault if the hook could not be run.
Call<HookOutcome> run_hook(const step::RunHook& hook, const oci::State& state);

// The same in parts, for a hook that is started in another way: as a child of the caller, leader of
// its own process group, with these standard streams.
class HookStreams {
 public:
  static Call<HookStreams> make(const step::RunHook& hook, const oci::State& state);

  [[nodiscard]] std::array<int, 3> descriptors() const;
  // Waits for the hook and reaps `pid`.
  Call<HookOutcome> follow(const step::RunHook& hook, pid_t pid, int pidfd);

 private:
  HookStreams() = default;
  UniqueFd state_;
  UniqueFd output_;  // the output that was read
  UniqueFd output_end_;
  UniqueFd output_file_;
  UniqueFd errors_file_;
};

// "exit status 1: its output"
std::string failure_words(const step::RunHook& hook, const HookOutcome& outcome);

}  // namespace tare::runtime
