// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that the caller gave us. All of it comes before anything of ours is open: a number
// that the caller left free must not become ours and then the container's.
#pragma once

#include "base/result.h"

namespace tare::runtime {

// Closed standard streams become /dev/null.
Result<void> open_missing_stdio();

// All that are to be passed on are open: those of --preserve-fds and, after them, the sockets of
// socket activation.
Result<void> check_passed_on(int preserved, int listening);

}  // namespace tare::runtime
