// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/protection.h"

#include "base/text.h"
#include "runtime/steps/words.h"

namespace tare::runtime::step {

std::string WriteSysctl::words() const {
  return "set sysctl " + shortened(key) + " to " + quote(shortened(value));
}

std::string ReadonlyPath::words() const {
  return "make " + shown(path) + " read-only";
}

std::string MaskPath::words() const {
  return "mask " + shown(path) +
         (label.second.empty() ? "" : " with " + label.first + "=" + shortened(label.second));
}

std::string VerifyMounts::words() const {
  return "verify the kernel's mounts";
}

}  // namespace tare::runtime::step
