// SPDX-License-Identifier: Apache-2.0
//
// Network devices of the host that become the container's (config-linux.md, "Network Devices").
#include <string>

#include "runtime/plan/draft.h"

namespace tare::runtime {

// As late as can be, since nothing moves a device back: with a namespace that is given up, physical
// devices return to the host, virtual ones are destroyed. But before hooks and sysctls, which may
// be about them.
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
