// SPDX-License-Identifier: Apache-2.0
//
// What the options before the command mean.
#pragma once

#include "runtime/commands/options.h"
#include "runtime/log.h"

namespace tare::runtime {

// --log, --log-format, --log-level, --debug.
LogOptions log_options(const Values& globals);

}  // namespace tare::runtime
