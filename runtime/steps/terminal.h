// SPDX-License-Identifier: Apache-2.0
//
// The terminal: config.md "process.terminal", pty(7).
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

// The pseudo-terminal of the container's own devpts as stdio and controlling terminal.
struct MakeConsole {
  static constexpr const char* calls = "openat2 ioctl(TIOCGPTPEER) ioctl(TIOCSCTTY) dup3 sendmsg";
  static constexpr Actors actors{Actor::init};
  bool device = false;       // bind it on /dev/console too
  bool makes_device = true;  // false: only if there is a /dev/console
  bool controlling = true;   // false: the stub takes it, in the session that it makes
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint32_t owner = 0;
  std::string label;  // SELinux's for the terminal, or empty
  [[nodiscard]] std::string words() const;
};

// Standard input, as the terminal of the new session.
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
