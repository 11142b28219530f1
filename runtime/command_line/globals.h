// SPDX-License-Identifier: Apache-2.0
//
// What the options before the command mean.
#pragma once

#include "runtime/command_line/command.h"
#include "runtime/errors/log.h"

namespace tare::runtime {

// --log, --log-format, --log-level, --debug. What is not asked for: a person at a terminal sees
// warnings; a program that reads the output of this command does only if it can (Command::warns).
LogOptions log_options(const Values& globals, const Command& command);

// --error-format alone: `command` is null until it is known.
ErrorStyle error_style(const Values& globals, const Command* command);

}  // namespace tare::runtime
