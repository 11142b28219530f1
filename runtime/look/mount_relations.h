// SPDX-License-Identifier: Apache-2.0
//
// How mounts propagate to each other: mount_namespaces(7). Pure: computed from the mountinfo of all
// mount namespaces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/mountinfo.h"
#include "oci/output/mount_view.h"
#include "runtime/look/mount_probe.h"

namespace tare::runtime {

struct MountsOfNamespace {
  std::string where;  // "the host", "web", "PID 17"
  std::vector<MountLine> mounts;
};

std::vector<oci::MountView> mount_views(const std::vector<MountLine>& mounts,
                                        const std::map<std::uint64_t, MountProbe>& probes,
                                        const std::vector<MountsOfNamespace>& all);

}  // namespace tare::runtime
