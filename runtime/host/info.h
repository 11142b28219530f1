// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/output/host_info.h"

namespace tare::runtime {

// Looks at everything that `tare info` tells. What cannot be found out is told as not working.
oci::HostInfo look_around();

}  // namespace tare::runtime
