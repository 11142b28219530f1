// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oci/record.h"

namespace tare::runtime {

// tare's own standard streams, which a container without a terminal gets. Recorded for a later
// checkpoint, because the container's process may have replaced them by then, as a shell has while
// `echo > file` runs.
std::vector<oci::RecordedStream> own_streams();

}  // namespace tare::runtime
