// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/place.h"

#include <algorithm>
#include <climits>

#include "base/text.h"

namespace tare::cgroups {

namespace {

constexpr char pointer[] = "/linux/cgroupsPath";

// "/a/b", or "" if nothing is left.
std::string clean(std::string_view path) {
  const std::string cleaned = lexically_clean(path);
  return cleaned == "/" ? "" : cleaned;
}

std::string parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

Result<void> check(std::string_view path, const std::string& cleaned) {
  if (cleaned.empty()) {
    return Error::config(pointer, quote(path) + " is not a cgroup of the container's own");
  }
  if (has_control_character(path)) {
    return Error::config(pointer, quote(path) + " contains a control character");
  }
  for (const std::string_view part : split(cleaned, '/')) {
    if (part.size() > NAME_MAX) {
      return Error::config(pointer, "a name in the path is longer than 255 bytes");
    }
  }
  return {};
}

// The cgroup that a relative path starts from; "" is the root of the mount.
std::string start(const Hierarchy& hierarchy) {
  return hierarchy.version == 2 ? clean(parent(hierarchy.own)) : clean(hierarchy.own);
}

}  // namespace

Result<std::vector<Directory>> place(const Layout& layout, const std::string& cgroups_path,
                                     const std::string& id) {
  const std::string& wanted = cgroups_path.empty() ? id : cgroups_path;
  const std::string cleaned = clean(wanted);
  TRY(check(wanted, cleaned));
  const bool absolute = wanted.starts_with('/');
  std::vector<Directory> places;
  for (const Hierarchy& hierarchy : layout.hierarchies) {
    Directory directory{hierarchy.version, hierarchy.mount,
                        absolute ? cleaned : start(hierarchy) + cleaned, hierarchy.controllers};
    if (full_path(directory).size() >= PATH_MAX) {
      return Error::config(pointer, "the path is longer than 4095 bytes");
    }
    places.push_back(std::move(directory));
  }
  return places;
}

bool is_safe(const Directory& directory) {
  return directory.mount.starts_with('/') && !directory.path.empty() &&
         clean(directory.path) == directory.path;
}

std::string full_path(const Directory& directory) {
  return directory.mount + directory.path;
}

Error in_directory(Fault fault, const char* verb, const Directory& directory) {
  return Error(fault, std::string(verb) + " cgroup " + printable(full_path(directory)));
}

}  // namespace tare::cgroups
