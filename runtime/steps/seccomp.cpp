// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/seccomp.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string LoadSeccomp::words() const {
  return "load the seccomp filter, " + std::to_string(program.size()) + " instructions";
}

std::string TakeListener::words() const {
  return "take the seccomp listener";
}

std::string SendListener::words() const {
  return "send the seccomp listener to " + shortened(path);
}

std::string CloseListener::words() const {
  return "close the seccomp listener";
}

}  // namespace tare::runtime::step
