// SPDX-License-Identifier: Apache-2.0
//
// A process that tare stays with until it exits, unless --detach is given: for `run`, `restore`,
// `exec`.
#pragma once

#include <sys/types.h>

#include <optional>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/errors/log.h"
#include "runtime/foreground/foreground.h"
#include "runtime/foreground/terminal_master.h"
#include "runtime/lifecycle/caller.h"
#include "runtime/store/container.h"
#include "runtime/store/store.h"

namespace tare::runtime {

class Notifier;

// A child of tare, independent of the object that created it.
struct Attendee {
  pid_t pid = 0;
  UniqueFd pidfd;
  static Result<Attendee> of(pid_t pid, int pidfd);
};

class Attended {
 public:
  // Call this before the process exists. From now on tare blocks signals. The process and its hooks
  // start with none blocked.
  static Result<Attended> prepare(bool detached);

  [[nodiscard]] bool detached() const { return !foreground_.has_value(); }

  // The end of the socket on which the process sends the master of its terminal. Call it once.
  // There is none if detached.
  UniqueFd console_end() { return std::move(console_.theirs); }
  // Call this after the process has sent the master, if it has a terminal. `whose` is for the
  // error: "container".
  Result<void> take_terminal(bool has_terminal, const char* whose);

  // Not if detached. Returns the status of wait(2).
  Result<int> serve(const Attendee& process, const Log& log, Notifier* notifier = nullptr);

 private:
  std::optional<Foreground> foreground_;
  ConsolePair console_;
  std::optional<Terminal> terminal_;
};

// After the container's program has exited, for `run` and `restore`: deletes the container, unless
// it is kept or another command has deleted it. tare holds no lock while the program runs, so every
// other command can work on the container.
Result<void> after_end(const Store& store, const Container& container, int wait_status, bool keep,
                       const Log& log);

// Makes tare the subreaper of the container's orphans, except where the caller wants to reap them.
void adopt_orphans();

}  // namespace tare::runtime
