// SPDX-License-Identifier: Apache-2.0
//
// The terminal that tare was called on, if standard input is one: in raw mode while a container's
// terminal is served on it. It is the caller's again whenever tare is stopped or in the background,
// and at the end.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <cstdint>

namespace tare::runtime {

// Lets a signal that is held back stop this process, as if it had been sent to `whom`, kill(2).
// Comes back when the process goes on. False if nothing could stop it: the signal is ignored, or,
// in an orphaned process group, nobody could let it go on.
bool stop_by(int signal, pid_t whom);

class CallersTerminal {
 public:
  CallersTerminal();
  ~CallersTerminal() { give_back(); }
  CallersTerminal(const CallersTerminal&) = delete;
  CallersTerminal& operator=(const CallersTerminal&) = delete;

  // Raw mode, unless it is somebody else's now: a background process changes nothing.
  void take();
  void give_back();

  // What is typed belongs to the foreground: who reads it in the background is stopped (SIGTTIN),
  // and may look again when it goes on.
  enum class Input : std::uint8_t { ours, later, never };
  Input claim_input();

 private:
  [[nodiscard]] bool is_ours() const;

  bool is_terminal_;
  bool taken_ = false;
  termios before_{};
  termios raw_{};
};

// Gives `terminal` the size of the caller's.
void copy_size(int terminal);

}  // namespace tare::runtime
