// SPDX-License-Identifier: Apache-2.0
#include "cgroups/permitted.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace tare::cgroups {

namespace {

std::string parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// The directory in which the first directory of the path would be created, or the path if it
// exists.
std::string nearest_present(const std::string& mount, std::string path) {
  while (!path.empty() && ::access((mount + path).c_str(), F_OK) != 0) path = parent(path);
  return mount + path;
}

std::string common_ancestor(const std::string& a, const std::string& b) {
  std::string common = a == "/" ? "" : a;
  while (!common.empty() && b != common && !b.starts_with(common + "/")) common = parent(common);
  return common;
}

// To move a process between cgroups the caller needs write access to the common ancestor
// (cgroups(7), "Cgroup delegation containment"). v1 hierarchies have no such rule.
std::string file_to_enter(const Hierarchy& hierarchy, const Directory& place) {
  return hierarchy.mount + common_ancestor(hierarchy.own, place.path) + "/cgroup.procs";
}

// The file that the caller would need to write, but may not.
std::optional<std::pair<std::string, int>> obstacle(const Hierarchy& hierarchy,
                                                    const Directory& place) {
  const auto denied = [](const std::string& path, int mode) {
    return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0;
  };
  const std::string directory = nearest_present(place.mount, place.path);
  if (denied(directory, W_OK | X_OK)) return std::pair{directory, errno};
  if (place.version != 2) return std::nullopt;
  const std::string procs = file_to_enter(hierarchy, place);
  if (denied(procs, W_OK)) return std::pair{procs, errno};
  return std::nullopt;
}

}  // namespace

Result<std::vector<Directory>> permitted(const Layout& layout, std::vector<Directory> places,
                                         const std::vector<Write>& limits) {
  std::vector<Directory> kept;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto obstacle_found = obstacle(layout.hierarchies[i], places[i]);
    const auto limit = std::find_if(limits.begin(), limits.end(),
                                    [&](const Write& write) { return write.directory == i; });
    if (!obstacle_found) {
      kept.push_back(std::move(places[i]));
    } else if (limit != limits.end()) {
      Error error(Fault{obstacle_found->second, ""},
                  "make cgroup " + printable(full_path(places[i])) + " for " + limit->file +
                      ": write " + printable(obstacle_found->first));
      error.at = limit->origin;
      return std::move(error).with_hint(
          "an unprivileged caller can set limits only in a cgroup that was delegated to it");
    }
  }
  return kept;
}

}  // namespace tare::cgroups
