// SPDX-License-Identifier: Apache-2.0
//
// Network devices: config-linux.md "Network Devices".
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// A network device of the host that will be moved: it must be there before anything is done.
struct FindNetDevice {
  static constexpr const char* calls = "sendto(RTM_GETLINK)";
  static constexpr Actors actors{Actor::host};
  std::string name;
  Slot slot;
  [[nodiscard]] std::string words() const;
};

// Into the container's network namespace, with addresses, under its new name; and up.
struct MoveNetDevice {
  static constexpr const char* calls =
      "setns sendto(RTM_GETADDR) sendto(RTM_NEWLINK) sendto(RTM_NEWADDR)";
  static constexpr Actors actors{Actor::host};
  std::string name;
  std::string new_name;  // may be a template, "eth%d"
  Slot device;           // that FindNetDevice found
  Slot joined = -1;      // the network namespace; -1: the one that init was born into
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using NetDevicesSteps = Steps<step::FindNetDevice, step::MoveNetDevice>;

Result<void> perform(const step::FindNetDevice&, LaunchContext&);
Result<void> perform(const step::MoveNetDevice&, LaunchContext&);

}  // namespace tare::runtime
