// SPDX-License-Identifier: Apache-2.0
#include "oci/config/namespaces.h"

#include <set>

#include "base/text.h"
#include "oci/config.h"
#include "oci/config/rules.h"

namespace tare::oci {

const Namespace* find_namespace(const Config& config, NamespaceType type) {
  return config.linux_ ? find_namespace(config.linux_->namespaces, type) : nullptr;
}

namespace {

// config-linux.md, "Namespaces": each type once.
void unique_types(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "namespaces");
  std::set<NamespaceType> seen;
  for (std::size_t i = 0; i < config.linux_->namespaces.size(); ++i) {
    const NamespaceType type = config.linux_->namespaces[i].type;
    if (seen.insert(type).second) continue;
    problems.add(Place(place, i), std::string(name_of(type)) + " stands twice");
  }
}

// config-linux.md, "Namespaces": the path is absolute.
void namespace_paths(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "namespaces");
  for (std::size_t i = 0; i < config.linux_->namespaces.size(); ++i) {
    const std::string& path = config.linux_->namespaces[i].path;
    const Place entry(place, i);
    if (path.empty() || path.starts_with('/')) continue;
    problems.add(Place(entry, "path"), "must be an absolute path, is " + quote(path));
  }
}

// ---- time namespace ----------------------------------------------------------------------------

// time_namespaces(7): offsets are set before the first process enters, so only of a new namespace.
void time_offsets(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_ || config.linux_->timeOffsets.empty()) return;
  const Place linux_part(document, "linux");
  const Namespace* time = find_namespace(config, NamespaceType::time);
  if (time == nullptr || !time->path.empty()) {
    problems.add(Place(linux_part, "timeOffsets"), "needs a new time namespace");
  }
}

// time_namespaces(7): two clocks; nanoseconds are a fraction of a second.
void time_clocks(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "timeOffsets");
  for (const auto& [clock, offset] : config.linux_->timeOffsets) {
    const Place at(place, clock);
    if (clock != "monotonic" && clock != "boottime") {
      problems.add(at, "unknown clock, must be monotonic or boottime");
    }
    if (offset.nanosecs >= 1'000'000'000) {
      problems.add(Place(at, "nanosecs"),
                   "must be below 1000000000, is " + std::to_string(offset.nanosecs));
    }
  }
}

}  // namespace

void check_namespaces(const Config& config, const Place& document, Problems& problems) {
  unique_types(config, document, problems);
  namespace_paths(config, document, problems);
}

void check_time_offsets(const Config& config, const Place& document, Problems& problems) {
  time_offsets(config, document, problems);
  time_clocks(config, document, problems);
}

}  // namespace tare::oci
