// SPDX-License-Identifier: Apache-2.0
//
// The devices that a container's cgroup allows, as the kernel can tell them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/devices/devices.h"
#include "cgroups/hierarchy/place.h"
#include "oci/config.h"
#include "runtime/look/found.h"
#include "runtime/steps/cgroups.h"

namespace tare::runtime {

// v1: devices.list. v2: the kernel shows no rules, but a hash of each attached program. So the
// program of config.json is loaded, attached nowhere, for its hash.
struct DevicesNow {
  std::optional<std::string> list;
  std::optional<std::vector<std::uint64_t>> programs;
  std::uint64_t configured_program = 0;
};
DevicesNow look_at_devices(const std::vector<cgroups::Directory>& directories,
                           const std::vector<oci::DeviceCgroup>& rules);

// `others_attach`: systemd adds a program of its own to a scope.
void compare_devices(const step::RestrictDevices& step, const DevicesNow& now, bool others_attach,
                     Found& found);

}  // namespace tare::runtime
