// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/attended.h"

#include <sys/prctl.h>

#include <string>
#include <utility>

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
  terminal_ = TRY(receive_descriptor(console_.ours.get())
                      .because(std::string("receive the ") + whose + "'s terminal"));
  return {};
}

Result<int> Attended::serve(pid_t pid, int pidfd, Notifier* notifier) {
  return foreground_->serve(pid, pidfd, std::move(terminal_), notifier);
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

}  // namespace tare::runtime
