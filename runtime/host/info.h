// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/output/host_info.h"

namespace tare::runtime {

// Probes everything that `tare info` prints. If a probe itself fails, the feature counts as not
// working.
oci::HostInfo look_around();

}  // namespace tare::runtime
