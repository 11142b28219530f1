// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/net_devices.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string FindNetDevice::words() const {
  return "find network device " + shortened(name);
}

std::string MoveNetDevice::words() const {
  return "move network device " + shortened(name) +
         (new_name == name ? "" : " as " + shortened(new_name));
}

}  // namespace tare::runtime::step
