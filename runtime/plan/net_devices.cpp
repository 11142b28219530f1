// SPDX-License-Identifier: Apache-2.0
//
// Network devices of the host that are moved to the container (config-linux.md, "Network Devices").
#include <string>

#include "runtime/plan/draft.h"

namespace tare::runtime {

// As late as possible, because tare moves no device back: when a namespace ends, the kernel returns
// physical devices to the host and destroys virtual ones. But before hooks and sysctls, which may
// use them.
void plan_net_devices(Draft& draft) {
  const int mounted = draft.last(Actor::init);
  for (const auto& [name, device] : draft.linux_.netDevices) {
    const std::string origin = pointer("/linux/netDevices", name);
    const Slot slot = draft.plan.device_slots++;
    draft.take(origin, step::FindNetDevice{name, slot});
    const std::string& new_name = device.name.empty() ? name : device.name;
    draft.init_waits_for = draft.add<Actor::host>(
        origin, step::MoveNetDevice{name, new_name, slot, draft.joined_network}, mounted);
  }
}

}  // namespace tare::runtime
