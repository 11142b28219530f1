// SPDX-License-Identifier: Apache-2.0
//
// A process that tare stays with until it ends, unless --detach is given: `run`, `restore`, `exec`.
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

// A child of ours, known without what made it.
struct Attendee {
  pid_t pid = 0;
  UniqueFd pidfd;
  static Result<Attendee> of(pid_t pid, int pidfd);
};

class Attended {
 public:
  // Before the process exists. The signals are held back from now on; it and its hooks begin with
  // none held.
  static Result<Attended> prepare(bool detached);

  [[nodiscard]] bool detached() const { return !foreground_.has_value(); }

  // Where the process sends the master of its terminal; once, and nothing when detached.
  UniqueFd console_end() { return std::move(console_.theirs); }
  // It has sent it, if it has a terminal. `whose` is for the error: "container".
  Result<void> take_terminal(bool has_terminal, const char* whose);

  // Not when detached. The result is how it ended, as wait(2) gives it.
  Result<int> serve(const Attendee& process, const Log& log, Notifier* notifier = nullptr);

 private:
  std::optional<Foreground> foreground_;
  ConsolePair console_;
  std::optional<Terminal> terminal_;
};

// What `run` and `restore` do when the container's program has ended: they delete the container,
// unless it is kept, or somebody else has deleted it by then. Nobody holds its lock while the
// program runs: every other command works on it.
Result<void> after_end(const Store& store, const Container& container, int wait_status, bool keep,
                       const Log& log);

// Orphans of the container are ours to reap, except where the caller wants them.
void adopt_orphans();

}  // namespace tare::runtime
