// SPDX-License-Identifier: Apache-2.0
#include "cgroups/stats/stats.h"

#include <string>

#include "base/text.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::cgroups {

namespace {

Result<void> add(const Directory& directory, oci::Stats& stats) {
  const auto read = [&]() -> Call<void> {
    const UniqueFd fd = TRY(open_directory(directory));
    return directory.version == 2 ? add_stats_v2(fd.get(), stats)
                                  : add_stats_v1(fd.get(), directory.controllers, stats);
  };
  return read().because("read the statistics of cgroup " + printable(full_path(directory)));
}

}  // namespace

Result<oci::Stats> read_stats(const std::vector<Directory>& directories) {
  oci::Stats stats;
  // v2 first: the values of a v1 hierarchy replace it.
  for (const int version : {2, 1}) {
    for (const Directory& directory : directories) {
      if (directory.version == version) TRY(add(directory, stats));
    }
  }
  return stats;
}

}  // namespace tare::cgroups
