// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace tare::runtime {

// Runs the whole command again from a sealed copy of the executable in memory, unless it is that
// already. Returns only then, or with an error.
Result<void> run_sealed(char* const argv[]);

}  // namespace tare::runtime
