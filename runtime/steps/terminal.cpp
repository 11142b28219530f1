// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/terminal.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string NewSession::words() const {
  return "new session";
}

std::string MakeConsole::words() const {
  return "make the console" + (label.empty() ? "" : " with label " + shortened(label));
}

std::string ControlTerminal::words() const {
  return "take the terminal";
}

}  // namespace tare::runtime::step
