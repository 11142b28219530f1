// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tare {

// For a child before execve(2): resets all signals to their default action and unblocks them,
// whatever our own caller ignores or blocks. Safe after clone.
void reset_signals();

}  // namespace tare
