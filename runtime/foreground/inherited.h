// SPDX-License-Identifier: Apache-2.0
//
// Descriptors inherited from the caller. Call these functions before anything of ours is open,
// because a free number must not become ours and then the container's.
#pragma once

#include "base/result.h"

namespace tare::runtime {

// Closed standard streams become /dev/null.
Result<void> open_missing_stdio();

// Checks that all descriptors to pass on are open: those of --preserve-fds and, after them, the
// sockets of socket activation.
Result<void> check_passed_on(int preserved, int listening);

}  // namespace tare::runtime
