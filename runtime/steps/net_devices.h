// SPDX-License-Identifier: Apache-2.0
//
// Steps for network devices: config-linux.md "Network Devices".
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Finds a network device of the host that will be moved. It must exist before anything is changed.
struct FindNetDevice {
  static constexpr const char* calls = "sendto(RTM_GETLINK)";
  static constexpr Actors actors{Actor::host};
  std::string name;
  Slot slot;
  [[nodiscard]] std::string words() const;
};

// Moves a device into the container's network namespace with its addresses, renames it and sets it
// up.
struct MoveNetDevice {
  static constexpr const char* calls =
      "setns sendto(RTM_GETADDR) sendto(RTM_NEWLINK) sendto(RTM_NEWADDR)";
  static constexpr Actors actors{Actor::host};
  std::string name;
  std::string new_name;  // may be a template, "eth%d"
  Slot device;           // found by FindNetDevice
  Slot joined = -1;      // the network namespace; -1: the one of init
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using NetDevicesSteps = Steps<step::FindNetDevice, step::MoveNetDevice>;

Result<void> perform(const step::FindNetDevice&, LaunchContext&);
Result<void> perform(const step::MoveNetDevice&, LaunchContext&);

}  // namespace tare::runtime
