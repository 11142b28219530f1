// SPDX-License-Identifier: Apache-2.0
//
// The meaning of the options before the command.
#pragma once

#include "runtime/command_line/command.h"
#include "runtime/errors/log.h"

namespace tare::runtime {

// --log, --log-format, --log-level, --debug. Without --log-level, warnings are printed for a user
// at a terminal. A program that reads the output gets them only if it can handle them
// (Command::warns).
LogOptions log_options(const Values& globals, const Command& command);

// --error-format. `command` is null until it is known.
ErrorStyle error_style(const Values& globals, const Command* command);

}  // namespace tare::runtime
