// SPDX-License-Identifier: Apache-2.0
//
// Rules about namespaces and what belongs to one: id mappings, time offsets, network devices.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "oci/json/fields.h"
#include "oci/rules.h"

namespace tare::oci {

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

// ---- user namespace ----------------------------------------------------------------------------

// config-linux.md, "User namespace mappings": of a user namespace; a new one can do nothing
// without.
void mappings_present(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Namespace* user = find_namespace(config, NamespaceType::user);
  for (const auto& [name, list] : {std::pair{"uidMappings", &config.linux_->uidMappings},
                                   std::pair{"gidMappings", &config.linux_->gidMappings}}) {
    const Place place(linux_part, name);
    if (user == nullptr && !list->empty()) problems.add(place, "needs a user namespace");
    if (user != nullptr && user->path.empty() && list->empty()) {
      problems.add(place, "is required for a new user namespace");
    }
  }
}

void mappings(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  check_mappings(config.linux_->uidMappings, Place(linux_part, "uidMappings"), problems);
  check_mappings(config.linux_->gidMappings, Place(linux_part, "gidMappings"), problems);
}

void check_mapped(std::uint32_t id, const std::vector<IDMapping>& mappings, const Place& place,
                  Problems& problems) {
  const auto holds = [&](const IDMapping& mapping) {
    return id >= mapping.containerID && id - mapping.containerID < mapping.size;
  };
  if (mappings.empty() || std::any_of(mappings.begin(), mappings.end(), holds)) return;
  problems.add(place, std::to_string(id) + " is not mapped in the user namespace");
}

// setresuid(2), setgroups(2): an id without a mapping cannot be taken on.
void mapped_user(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_ || !config.process) return;
  const User& user = config.process->user;
  const Place process(document, "process");
  const Place place(process, "user");
  check_mapped(user.uid, config.linux_->uidMappings, Place(place, "uid"), problems);
  check_mapped(user.gid, config.linux_->gidMappings, Place(place, "gid"), problems);
  const Place groups(place, "additionalGids");
  for (std::size_t i = 0; i < user.additionalGids.size(); ++i) {
    check_mapped(user.additionalGids[i], config.linux_->gidMappings, Place(groups, i), problems);
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

// ---- network devices ---------------------------------------------------------------------------

// dev_valid_name() of net/core/dev.c.
bool is_device_name(std::string_view name) {
  constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
  return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

// config-linux.md, "Network Devices": or a template, for which the kernel finds a number.
bool is_device_template(std::string_view name) {
  const std::size_t percent = name.find('%');
  return percent != std::string_view::npos && name.substr(percent, 2) == "%d" &&
         name.find('%', percent + 1) == std::string_view::npos;
}

// config-linux.md, "Network Devices": moved into a namespace of the container's own.
void net_device_namespace(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_ || config.linux_->netDevices.empty()) return;
  const Place linux_part(document, "linux");
  if (find_namespace(config, NamespaceType::network) != nullptr) return;
  problems.add(Place(linux_part, "netDevices"), "needs a network namespace");
}

void net_device_names(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "netDevices");
  std::set<std::string_view> targets;
  for (const auto& [host, device] : config.linux_->netDevices) {
    const Place at(place, host);
    if (!is_device_name(host)) problems.add(at, "is no name of a network device");
    const std::string_view target = device.name.empty() ? host : device.name;
    const bool is_template = is_device_template(target);
    const bool is_plain = target.find('%') == std::string_view::npos;
    if (!device.name.empty() && (!is_device_name(target) || (!is_template && !is_plain))) {
      problems.add(Place(at, "name"), quote(device.name) + " is no name of a network device");
    }
    if (!is_template && !targets.insert(target).second) {
      problems.add(at, "another device gets the name " + quote(target));
    }
  }
}

}  // namespace

std::span<const Rule<Config>> namespace_rules() {
  static constexpr Rule<Config> rules[] = {
      unique_types, namespace_paths, mappings_present,     mappings,         mapped_user,
      time_offsets, time_clocks,     net_device_namespace, net_device_names,
  };
  return rules;
}

}  // namespace tare::oci
