// SPDX-License-Identifier: Apache-2.0
//
// Steps for the terminal: config.md "process.terminal", pty(7).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct NewSession {
  static constexpr const char* calls = "setsid";
  static constexpr Actors actors{Actor::init, Actor::stub};
  [[nodiscard]] std::string words() const;
};

// Opens a pseudo-terminal of the container's own devpts as stdio and controlling terminal.
struct MakeConsole {
  static constexpr const char* calls = "openat2 ioctl(TIOCGPTPEER) ioctl(TIOCSCTTY) dup3 sendmsg";
  static constexpr Actors actors{Actor::init};
  bool device = false;       // also bind-mount it on /dev/console
  bool makes_device = true;  // false: only if /dev/console exists
  bool controlling = true;  // false: the stub makes it the controlling terminal, in its new session
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint32_t owner = 0;
  std::string label;  // the terminal's SELinux label, or empty
  [[nodiscard]] std::string words() const;
};

// Makes standard input the controlling terminal of the new session.
struct ControlTerminal {
  static constexpr const char* calls = "ioctl(TIOCSCTTY)";
  static constexpr Actors actors{Actor::stub};
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using TerminalSteps = Steps<step::NewSession, step::MakeConsole, step::ControlTerminal>;

Call<void> perform(const step::NewSession&, LaunchContext&);
Call<void> perform(const step::MakeConsole&, LaunchContext&);

}  // namespace tare::runtime
