// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tare {

// For a child before it executes something else: every signal back to its default, none held back,
// whatever our own caller ignores. Safe after clone.
void reset_signals();

}  // namespace tare
