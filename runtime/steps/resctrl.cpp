// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/resctrl.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string EnterResctrl::words() const {
  return "enter resctrl group " + (group.empty() ? "/" : shortened(group));
}

std::string JoinResctrl::words() const {
  return "join resctrl group " + (group.empty() ? "/" : shortened(group));
}

}  // namespace tare::runtime::step
