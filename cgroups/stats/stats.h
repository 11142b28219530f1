// SPDX-License-Identifier: Apache-2.0
//
// What a container uses, read from its cgroups: tables of file, parser and field for each version
// (stats_v1.cpp, stats_v2.cpp).
#pragma once

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "oci/output/stats.h"

namespace tare::cgroups {

// From the directories of a container's record, through descriptors. What a kernel does not have is
// left at zero; so is a value that cannot be understood. On a hybrid host a controller's own
// hierarchy says more than what v2 knows of it. An error if a cgroup is gone or cannot be read.
Result<oci::Stats> read_stats(const std::vector<Directory>& directories);

// The same of one open directory; `controllers` are those of its hierarchy (ignored for v2, where
// the files themselves tell).
Call<void> add_stats_v1(int directory, const std::vector<std::string>& controllers,
                        oci::Stats& stats);
Call<void> add_stats_v2(int directory, oci::Stats& stats);

}  // namespace tare::cgroups
