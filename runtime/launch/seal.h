// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace tare::runtime {

// Runs the whole command again from a sealed copy of the executable in memory. Returns only if it
// already runs from one, or with an error.
Result<void> run_sealed(char* const argv[]);

}  // namespace tare::runtime
