// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tare {

// Whether this runs in QEMU's user emulation, as the tests of other processors do (tests/matrix).
// It is less than a kernel: no clone3(2), by which it is known here, no filters, and SIGPIPE does
// not come when it is blocked. What is skipped for that runs in the guest of that processor.
inline bool in_user_emulation() {
  return ::syscall(SYS_clone3, nullptr, 0) < 0 && errno == ENOSYS;
}

}  // namespace tare
