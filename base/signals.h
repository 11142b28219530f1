// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace tare {

// For a child before execve(2): resets all signals to their default action and unblocks them,
// whatever our own caller ignores or blocks. Safe after clone.
Call<void> reset_signals();

}  // namespace tare
