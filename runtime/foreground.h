// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/notify.h"

namespace tare::runtime {

// Serves a process that tare waits for: forwards signals to it, and where `terminal` is the master
// of its terminal, copies between it and standard input and output, with the caller's own terminal
// in raw mode until the end. Comes back when `pid`, a child of tare's, has ended and its output is
// copied; reaps every other child on the way.
class Foreground {
 public:
  // Blocks the signals that will be forwarded; before the process exists, so that none is lost.
  static Result<Foreground> prepare();
  // The result is how it ended, as wait(2) gives it. `notifier`, if there is one, is served beside
  // it.
  Result<int> serve(pid_t pid, int pidfd, UniqueFd terminal, Notifier* notifier = nullptr);

 private:
  explicit Foreground(UniqueFd signals) : signals_(std::move(signals)) {}
  UniqueFd signals_;
};

}  // namespace tare::runtime
