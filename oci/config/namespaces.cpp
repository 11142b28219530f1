// SPDX-License-Identifier: Apache-2.0
#include "oci/config/namespaces.h"

#include <set>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// config-linux.md, "Namespaces": each type once.
void unique_types(const Namespaces& namespaces, const Place& place, Problems& problems) {
  std::set<NamespaceType> seen;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    const NamespaceType type = namespaces[i].type;
    if (seen.insert(type).second) continue;
    problems.add(Place(place, i), std::string(name_of(type)) + " occurs twice");
  }
}

// config-linux.md, "Namespaces": the path is absolute.
void absolute_paths(const Namespaces& namespaces, const Place& place, Problems& problems) {
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    const std::string& path = namespaces[i].path;
    const Place entry(place, i);
    if (path.empty() || path.starts_with('/')) continue;
    problems.add(Place(entry, "path"), "must be an absolute path, is " + quote(path));
  }
}

}  // namespace

void check(const Namespaces& namespaces, const Place& place, Problems& problems) {
  static constexpr Rule<Namespaces> rules[] = {unique_types, absolute_paths};
  check_rules<Namespaces>(rules, namespaces, place, problems);
}

// ---- time namespace ----------------------------------------------------------------------------

namespace {

// time_namespaces(7): offsets can be set only before the first process enters, so only in a new
// namespace.
void new_time_namespace(const std::map<std::string, TimeOffset>& offsets,
                        const Namespaces& namespaces, const Place& place, Problems& problems) {
  const Namespace* time = find_namespace(namespaces, NamespaceType::time);
  if (offsets.empty() || (time != nullptr && time->path.empty())) return;
  problems.add(place, "needs a new time namespace");
}

// time_namespaces(7): two clocks; nanoseconds are a fraction of a second.
void clocks(const std::map<std::string, TimeOffset>& offsets, const Place& place,
            Problems& problems) {
  for (const auto& [clock, offset] : offsets) {
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

void check(const std::map<std::string, TimeOffset>& offsets, const Namespaces& namespaces,
           const Place& place, Problems& problems) {
  new_time_namespace(offsets, namespaces, place, problems);
  clocks(offsets, place, problems);
}

}  // namespace tare::oci
