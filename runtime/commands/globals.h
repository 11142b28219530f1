// SPDX-License-Identifier: Apache-2.0
//
// What the options before the command mean.
#pragma once

#include "runtime/commands/options.h"
#include "runtime/log.h"

namespace tare::runtime {

// --log, --log-format, --log-level, --debug, --error-format.
LogOptions log_options(const Values& globals);

// --error-format alone: `command` is null until it is known.
ErrorStyle error_style(const Values& globals, const Command* command);

}  // namespace tare::runtime
