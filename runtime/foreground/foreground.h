// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/foreground/notify.h"
#include "runtime/foreground/terminal_master.h"

namespace tare::runtime {

struct Served {
  int status = 0;                  // how the process ended, as wait(2) gives it
  std::optional<Fault> lost = {};  // standard output could not be written to
};

// Serves a process that tare waits for: forwards signals to it, and where it has a `terminal`,
// copies between that and standard input and output, with the caller's own terminal in raw mode
// until the end. Comes back when `pid`, a child of tare's, has ended and its output is
// copied; reaps every other child on the way.
class Foreground {
 public:
  // Blocks the signals that will be forwarded; before the process exists, so that none is lost.
  static Result<Foreground> prepare();
  // `notifier`, if there is one, is served beside it.
  Result<Served> serve(pid_t pid, int pidfd, std::optional<Terminal> terminal,
                       Notifier* notifier = nullptr);

 private:
  explicit Foreground(UniqueFd signals) : signals_(std::move(signals)) {}
  UniqueFd signals_;
};

}  // namespace tare::runtime
