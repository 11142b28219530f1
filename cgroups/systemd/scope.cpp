// SPDX-License-Identifier: Apache-2.0
#include "cgroups/systemd/scope.h"

#include <algorithm>
#include <climits>

#include "base/text.h"

namespace tare::cgroups {

namespace {

constexpr char pointer[] = "/linux/cgroupsPath";
constexpr std::string_view scope_suffix = ".scope";
constexpr std::string_view slice_suffix = ".slice";
constexpr char root_slice[] = "-.slice";

// systemd.unit(5), "Unit File Format".
bool is_unit_name(std::string_view name) {
  return !name.empty() && name.size() <= NAME_MAX &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view(":-_.\\").find(c) != std::string_view::npos;
         });
}

Result<void> check_slice(const std::string& slice) {
  const auto invalid = [&](const std::string& why) {
    return Error::config(pointer, quote(slice) + " is not a systemd slice: " + why);
  };
  if (!slice.ends_with(slice_suffix)) return invalid("the name does not end with .slice");
  if (slice == root_slice) return {};
  if (!is_unit_name(slice)) return invalid("the name is too long, or has a wrong character");
  const std::string_view stem =
      std::string_view(slice).substr(0, slice.size() - slice_suffix.size());
  for (const std::string_view part : split(stem, '-')) {
    if (part.empty()) return invalid("a part between two dashes is empty");
  }
  return {};
}

// systemd escapes unit names that could be names of the kernel's files in a cgroup.
std::string as_directory(std::string_view unit) {
  constexpr std::string_view controllers[] = {
      "cpu",    "cpuacct", "cpuset",  "io",      "blkio", "memory", "devices",   "pids",
      "cgroup", "freezer", "hugetlb", "net_cls", "rdma",  "misc",   "perf_event"};
  const std::string_view stem = unit.substr(0, unit.find('.'));
  const bool clashes =
      unit.starts_with('_') || unit.starts_with('.') ||
      std::find(std::begin(controllers), std::end(controllers), stem) != std::end(controllers);
  return (clashes ? "_" : "") + std::string(unit);
}

}  // namespace

Result<Scope> scope_of(const std::string& cgroups_path, const std::string& id, bool of_user) {
  Scope scope;
  scope.of_user = of_user;
  std::string prefix = "tare";
  std::string name = id;
  if (!cgroups_path.empty()) {
    const auto parts = split(cgroups_path, ':');
    if (parts.size() != 3) {
      return Error::config(pointer, quote(shortened(cgroups_path)) +
                                        " is not slice:prefix:name, as the systemd cgroup manager "
                                        "requires");
    }
    scope.slice = parts[0];
    prefix = parts[1];
    name = parts[2];
  }
  if (scope.slice.empty()) scope.slice = of_user ? "user.slice" : "system.slice";
  TRY(check_slice(scope.slice));
  if (name.ends_with(slice_suffix)) {
    return Error::unsupported(pointer, quote(name) + ": systemd puts no processes into a slice");
  }
  scope.unit = (prefix.empty() ? "" : prefix + "-") + name + std::string(scope_suffix);
  if (name.empty() || !is_unit_name(scope.unit)) {
    return Error::config(pointer, quote(shortened(scope.unit)) + " is not a unit name");
  }
  return scope;
}

std::string slice_path(std::string_view slice) {
  if (slice == root_slice) return {};
  const std::string_view stem = slice.substr(0, slice.size() - slice_suffix.size());
  std::string path;
  for (std::size_t dash = stem.find('-');; dash = stem.find('-', dash + 1)) {
    const std::string ancestor = std::string(stem.substr(0, dash)) + std::string(slice_suffix);
    path += "/" + as_directory(ancestor);
    if (dash == std::string_view::npos) return path;
  }
}

std::vector<Directory> place(const Layout& layout, const Scope& scope, const std::string& manager) {
  std::string path = manager + slice_path(scope.slice) + "/" + as_directory(scope.unit);
  if (!scope.subgroup.empty()) path += "/" + scope.subgroup;
  std::vector<Directory> places;
  for (const Hierarchy& hierarchy : layout.hierarchies) {
    places.push_back({hierarchy.version, hierarchy.mount, path, hierarchy.controllers});
  }
  return places;
}

std::string manager_cgroup(std::string_view cgroup_of_process_1) {
  constexpr std::string_view own_unit = "/init.scope";
  for (const std::string_view line : split(cgroup_of_process_1, '\n')) {
    if (!line.starts_with("0::") && line.find(":name=systemd:") == std::string_view::npos) continue;
    const std::string_view path = line.substr(std::min(line.find(":/") + 1, line.size()));
    if (path.ends_with(own_unit)) return std::string(path.substr(0, path.size() - own_unit.size()));
  }
  return {};
}

}  // namespace tare::cgroups
