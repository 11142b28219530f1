// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/callers_terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/foreground/terminal_master.h"

namespace tare::runtime {

bool stop_by(int signal, pid_t whom) {
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  // A stop signal discards a pending SIGCONT, so a SIGCONT that is pending afterwards has ended the
  // stop.
  ::kill(whom, signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::sigprocmask(SIG_BLOCK, &only, nullptr);
  sigset_t waiting;
  return ::sigpending(&waiting) == 0 && ::sigismember(&waiting, SIGCONT) == 1;
}

CallersTerminal::CallersTerminal()
    : is_terminal_(::isatty(STDIN_FILENO) != 0 && !is_master(STDIN_FILENO)) {
  take();
}

bool CallersTerminal::is_ours() const {
  const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
  // There is no background for a terminal that is not the controlling one.
  return foreground < 0 || foreground == ::getpgrp();
}

void CallersTerminal::take() {
  if (!is_terminal_ || !is_ours()) return;
  if (!taken_) {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    raw_ = before_;
    ::cfmakeraw(&raw_);
  }
  // Not TCSADRAIN, which waits for the reader of the terminal.
  taken_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw_) == 0;
}

void CallersTerminal::give_back() {
  // If the terminal is gone, there is nowhere to report it.
  if (taken_ && is_ours()) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  taken_ = false;
}

CallersTerminal::Input CallersTerminal::claim_input() {
  if (!is_terminal_) return Input::ours;
  if (!is_ours()) return stop_by(SIGTTIN, 0) ? Input::later : Input::never;
  if (!taken_) take();  // a shell's `fg` sends nothing to a running job
  return Input::ours;
}

void copy_size(int terminal) {
  winsize size{};
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0) continue;
    ::ioctl(terminal, TIOCSWINSZ, &size);
    return;
  }
}

}  // namespace tare::runtime
