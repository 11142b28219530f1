// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/inherited.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

namespace tare::runtime {

Result<void> open_missing_stdio() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // It takes the lowest number that is free: fd.
    if (::open("/dev/null", O_RDWR) < 0) {
      return Error(Fault::last("open"),
                   "/dev/null for the closed descriptor " + std::to_string(fd));
    }
  }
  return {};
}

Result<void> check_passed_on(int preserved, int listening) {
  for (int i = 0; i < preserved || i - preserved < listening; ++i) {
    if (::fcntl(3 + i, F_GETFD) >= 0) continue;
    const std::string fd = std::to_string(3 + i);
    const Fault fault = Fault::last("fcntl");
    if (i >= preserved) {
      return Error(fault, "LISTEN_FDS is " + std::to_string(listening) + ", but descriptor " + fd);
    }
    return Error(fault,
                 "unable to stat preserved-fd " + fd + " (of " + std::to_string(preserved) + ")");
  }
  return {};
}

}  // namespace tare::runtime
