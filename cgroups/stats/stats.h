// SPDX-License-Identifier: Apache-2.0
//
// The resource usage of a container, read from its cgroups: tables of file, parser and field for
// each version (stats_v1.cpp, stats_v2.cpp).
#pragma once

#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "oci/output/stats.h"

namespace tare::cgroups {

// Reads the directories of a container's record by descriptor. Values that the kernel does not
// have, or that cannot be parsed, are zero. On a hybrid host the v1 hierarchy of a controller takes
// precedence over v2. An error if a cgroup is gone or cannot be read.
Result<oci::Stats> read_stats(const std::vector<Directory>& directories);

// The same for one open directory; `controllers` are those of its hierarchy (ignored for v2, where
// the existing files decide).
Call<void> add_stats_v1(int directory, const std::vector<std::string>& controllers,
                        oci::Stats& stats);
Call<void> add_stats_v2(int directory, oci::Stats& stats);

}  // namespace tare::cgroups
