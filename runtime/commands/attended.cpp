// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/attended.h"

#include <fcntl.h>
#include <sys/prctl.h>

#include <cerrno>
#include <string>
#include <utility>

#include "runtime/foreground/callers_terminal.h"
#include "runtime/lifecycle/destroy.h"
#include "runtime/store/exit.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

Result<Attendee> Attendee::of(pid_t pid, int pidfd) {
  UniqueFd own(::fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
  if (!own) return Error(Fault::last("fcntl"), "duplicate the pidfd of the process");
  return Attendee{pid, std::move(own)};
}

Result<Attended> Attended::prepare(bool detached) {
  Attended attended;
  if (detached) return attended;
  attended.foreground_ = TRY(Foreground::prepare());
  attended.console_ = TRY(make_console_pair());
  return attended;
}

Result<void> Attended::take_terminal(bool has_terminal, const char* whose) {
  if (detached() || !has_terminal) return {};
  UniqueFd master = TRY(receive_descriptor(console_.ours.get())
                            .because(std::string("receive the ") + whose + "'s terminal"));
  terminal_ = TRY(Terminal::open(std::move(master)));
  copy_size(terminal_->get());  // before the program reads it
  return {};
}

Result<int> Attended::serve(const Attendee& process, const Log& log, Notifier* notifier) {
  const Served served =
      TRY(foreground_->serve(process.pid, process.pidfd.get(), std::move(terminal_), notifier));
  if (served.lost) {
    log.warning(Error(*served.lost, "write to standard output; the rest is lost").message());
  }
  return served.status;
}

namespace {

// The command that deletes a container may still run poststop hooks after it is gone. Do not wait
// for these hooks.
Result<bool> lock_unless_removed(const Entry& entry) {
  constexpr int timeout_ms = 30 * 1000;
  constexpr int look_ms = 50;
  for (int waited_ms = 0; !entry.is_removed(); waited_ms += look_ms) {
    Result<void> locked = entry.lock(look_ms);
    if (locked.ok()) return !entry.is_removed();
    const bool is_late = locked.error().error == ETIMEDOUT && waited_ms < timeout_ms;
    if (!is_late) return std::move(locked).error();
  }
  return false;
}

}  // namespace

Result<void> after_end(const Store& store, const Container& container, int wait_status, bool keep,
                       const Log& log) {
  // By the open directory of the container: another container may have the id by now.
  if (!TRY(lock_unless_removed(container.entry))) return {};
  tell_end(container, wait_status, keep, log);
  if (keep) return {};
  return destroy_container(store, container, log);
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

}  // namespace tare::runtime
