// SPDX-License-Identifier: Apache-2.0
#include "cgroups/entries.h"

#include <fcntl.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::cgroups {

namespace {

Result<UniqueFd> open_entry(const Directory& place) {
  const char* file = place.version == 1 ? "tasks" : "cgroup.procs";
  Call<UniqueFd> entry = open_file(place, file, O_WRONLY);
  if (entry.ok()) return std::move(entry).value();
  return in_directory(entry.error(), ("open " + std::string(file) + " of").c_str(), place);
}

}  // namespace

Result<Entries> open_entries(const std::vector<Directory>& recorded, bool counts_last) {
  Entries entries;
  for (const Directory& place : recorded) {
    if (place.version == 2) {
      Call<UniqueFd> directory = open_directory(place);
      if (!directory.ok()) return in_directory(directory.error(), "open", place);
      entries.v2 = std::move(directory).value();
    }
    if (counts_last && contains(place.controllers, "pids")) {
      entries.of_count = TRY(open_entry(place));
    } else if (place.version == 1) {
      entries.tasks.push_back(TRY(open_entry(place)));
    }
  }
  return entries;
}

}  // namespace tare::cgroups
