// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/attended.h"

#include <sys/prctl.h>

#include <string>
#include <utility>

#include "runtime/callers_terminal.h"
#include "runtime/do/messages.h"

namespace tare::runtime {

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
  copy_size(terminal_->get());  // before the program asks for it
  return {};
}

Result<int> Attended::serve(pid_t pid, int pidfd, const Log& log, Notifier* notifier) {
  const Served served = TRY(foreground_->serve(pid, pidfd, std::move(terminal_), notifier));
  if (served.lost) {
    log.warning(Error(*served.lost, "write to standard output; the rest is lost").message());
  }
  return served.status;
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

}  // namespace tare::runtime
