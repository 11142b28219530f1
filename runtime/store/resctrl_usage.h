// SPDX-License-Identifier: Apache-2.0
//
// The resctrl counters of a container: Documentation/filesystems/resctrl.rst of the kernel.
#pragma once

#include "base/result.h"
#include "oci/output/stats.h"
#include "oci/record.h"

namespace tare::runtime {

// Nothing if no resctrl file system is mounted (any more).
Result<oci::IntelRdtStats> read_intel_rdt(const oci::RecordedResctrl& recorded);

// The same for a tree whose root is open. Skips counters that the processor does not have.
Call<oci::IntelRdtStats> read_intel_rdt(int root, const oci::RecordedResctrl& recorded);

}  // namespace tare::runtime
