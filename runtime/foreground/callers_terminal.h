// SPDX-License-Identifier: Apache-2.0
//
// The caller's terminal, if standard input is one: in raw mode while it is connected to a
// container's terminal. Its settings are restored whenever tare is stopped or in the background,
// and at the end.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <cstdint>

namespace tare::runtime {

// Stops this process by a blocked signal, as if it had been sent to `whom`, kill(2). Returns when
// the process continues. False if nothing could stop it: the signal is ignored, or the process
// group is orphaned and could not be continued.
bool stop_by(int signal, pid_t whom);

class CallersTerminal {
 public:
  CallersTerminal();
  ~CallersTerminal() { give_back(); }
  CallersTerminal(const CallersTerminal&) = delete;
  CallersTerminal& operator=(const CallersTerminal&) = delete;

  // Sets raw mode, unless tare is in the background: a background process changes nothing.
  void take();
  void give_back();

  // Input belongs to the foreground: a background process that reads it is stopped (SIGTTIN), and
  // may try again when it continues.
  enum class Input : std::uint8_t { ours, later, never };
  Input claim_input();

 private:
  [[nodiscard]] bool is_ours() const;

  bool is_terminal_;
  bool taken_ = false;
  termios before_{};
  termios raw_{};
};

// Sets the size of `terminal` to that of the caller's.
void copy_size(int terminal);

}  // namespace tare::runtime
