// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/hooks.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string RunHook::words() const {
  return "run " + kind + " hook " + shortened(path);
}

}  // namespace tare::runtime::step
