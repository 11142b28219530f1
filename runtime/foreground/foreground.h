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
  int status = 0;                  // the status of the process, as in wait(2)
  std::optional<Fault> lost = {};  // standard output could not be written to
};

// Serves a process that tare waits for: forwards signals to it. With a `terminal` it copies between
// that and standard input and output, with the caller's own terminal in raw mode. Returns when
// `pid`, a child of tare, has exited and its output is copied; reaps all other children meanwhile.
class Foreground {
 public:
  // Blocks the signals that will be forwarded. Call it before the process exists, so that none is
  // lost.
  static Result<Foreground> prepare();
  // Also serves `notifier`, if there is one.
  Result<Served> serve(pid_t pid, int pidfd, std::optional<Terminal> terminal,
                       Notifier* notifier = nullptr);

 private:
  explicit Foreground(UniqueFd signals) : signals_(std::move(signals)) {}
  UniqueFd signals_;
};

}  // namespace tare::runtime
