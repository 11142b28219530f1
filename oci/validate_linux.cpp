// SPDX-License-Identifier: Apache-2.0
//
// Rules about the parts of `linux` that stand for themselves: devices, cgroup path, personality,
// memory policy, Intel RDT.
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "oci/rules.h"

namespace tare::oci {

namespace {

// ---- devices -----------------------------------------------------------------------------------

struct DeviceType {
  std::string_view name;
  mode_t format;
};
constexpr DeviceType device_types[] = {
    // mknod(1)
    {"c", S_IFCHR},
    {"u", S_IFCHR},
    {"b", S_IFBLK},
    {"p", S_IFIFO},
};

const DeviceType* find_device_type(std::string_view name) {
  for (const DeviceType& type : device_types) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

template <class Check>
void for_each_device(const Linux& linux_part, const Place& place, const Check& check) {
  const Place devices(place, "devices");
  for (std::size_t i = 0; i < linux_part.devices.size(); ++i) {
    check(linux_part.devices[i], Place(devices, i));
  }
}

// config-linux.md, "Devices": a full path, to a name that can be made.
void device_paths(const Linux& linux_part, const Place& place, Problems& problems) {
  for_each_device(linux_part, place, [&](const Device& device, const Place& at) {
    if (device.path.starts_with('/') && device.path != "/") return;
    problems.add(Place(at, "path"), "must be an absolute path to a file, is " + quote(device.path));
  });
}

// config-linux.md, "Devices": c, b, u or p; a fifo has no numbers.
void device_types_and_numbers(const Linux& linux_part, const Place& place, Problems& problems) {
  for_each_device(linux_part, place, [&](const Device& device, const Place& at) {
    if (find_device_type(device.type) == nullptr) {
      problems.add(Place(at, "type"), "must be c, b, u or p, is " + quote(device.type));
    } else if (device.type != "p") {
      if (!device.major) problems.add(Place(at, "major"), "is required for a device");
      if (!device.minor) problems.add(Place(at, "minor"), "is required for a device");
      check_device_number(device.major.value_or(0), device.minor.value_or(0), at, problems);
    }
  });
}

// inode(7): permissions; engines also send the type of file, which then must be the device's.
void device_modes(const Linux& linux_part, const Place& place, Problems& problems) {
  for_each_device(linux_part, place, [&](const Device& device, const Place& at) {
    const std::uint32_t mode = device.fileMode.value_or(0);
    const DeviceType* type = find_device_type(device.type);
    const std::uint32_t format = mode & ~std::uint32_t{07777};
    if (format == 0 || (type != nullptr && format == type->format)) return;
    problems.add(Place(at, "fileMode"), std::to_string(mode) + " has bits that are no permissions");
  });
}

// setresuid(2): 2^32 - 1 means "leave it".
void device_owners(const Linux& linux_part, const Place& place, Problems& problems) {
  constexpr std::uint32_t no_id = 0xFFFFFFFF;
  for_each_device(linux_part, place, [&](const Device& device, const Place& at) {
    if (device.uid == no_id) problems.add(Place(at, "uid"), "4294967295 is not an id");
    if (device.gid == no_id) problems.add(Place(at, "gid"), "4294967295 is not an id");
  });
}

bool same_node(const Device& one, const Device& other) {
  return one.type == other.type && one.major == other.major && one.minor == other.minor;
}

// config-linux.md, "Devices": a file that does not match what is asked for is an error, so two
// entries must not ask for different ones.
void device_conflicts(const Linux& linux_part, const Place& place, Problems& problems) {
  std::map<std::string, std::size_t> seen;
  const Place devices(place, "devices");
  for (std::size_t i = 0; i < linux_part.devices.size(); ++i) {
    const Device& device = linux_part.devices[i];
    const auto [earlier, is_new] = seen.emplace(device.path, i);
    if (is_new || same_node(linux_part.devices[earlier->second], device)) continue;
    const Place at(devices, i);
    problems.add(Place(at, "path"),
                 "is another device than that of entry " + std::to_string(earlier->second));
  }
}

// ---- the rest ----------------------------------------------------------------------------------

// A line break would forge a line of /proc/pid/cgroup, and no cgroup can have one in its name.
void cgroups_path(const Linux& linux_part, const Place& place, Problems& problems) {
  if (!has_control_character(linux_part.cgroupsPath)) return;
  problems.add(Place(place, "cgroupsPath"),
               quote(linux_part.cgroupsPath) + " has a control character");
}

// config-linux.md, "Personality": no flag is defined.
void personality_flags(const Linux& linux_part, const Place& place, Problems& problems) {
  if (!linux_part.personality || linux_part.personality->flags.empty()) return;
  const Place personality(place, "personality");
  problems.add(Place(personality, "flags"), "must be empty, no flag is defined");
}

bool has_flag(const MemoryPolicy& policy, MemoryPolicyFlag flag) {
  return std::find(policy.flags.begin(), policy.flags.end(), flag) != policy.flags.end();
}

// set_mempolicy(2): which modes go with nodes, and which must.
void memory_policy_nodes(const Linux& linux_part, const Place& place, Problems& problems) {
  if (!linux_part.memoryPolicy) return;
  const Place policy(place, "memoryPolicy");
  const Place nodes(policy, "nodes");
  const std::string& list = linux_part.memoryPolicy->nodes;
  using enum MemoryPolicyMode;
  const MemoryPolicyMode mode = linux_part.memoryPolicy->mode;
  check_number_list(list, "nodes", highest_node, nodes, problems);
  if (mode == DEFAULT || mode == LOCAL) {
    if (!list.empty()) problems.add(nodes, "must be empty with this mode");
  } else if (mode != PREFERRED && list.empty()) {
    problems.add(nodes, "must name at least one node with this mode");
  }
}

// set_mempolicy(2): static and relative nodes exclude each other; balancing goes with bind.
void memory_policy_flags(const Linux& linux_part, const Place& place, Problems& problems) {
  if (!linux_part.memoryPolicy) return;
  const MemoryPolicy& policy = *linux_part.memoryPolicy;
  const Place at(place, "memoryPolicy");
  const Place flags(at, "flags");
  using enum MemoryPolicyFlag;
  if (has_flag(policy, STATIC_NODES) && has_flag(policy, RELATIVE_NODES)) {
    problems.add(flags, "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
  }
  const bool balances =
      policy.mode == MemoryPolicyMode::BIND || policy.mode == MemoryPolicyMode::PREFERRED_MANY;
  if (has_flag(policy, NUMA_BALANCING) && !balances) {
    problems.add(flags, "MPOL_F_NUMA_BALANCING goes only with MPOL_BIND and MPOL_PREFERRED_MANY");
  }
}

// config-linux.md, "IntelRdt": the name of one directory of resctrl, or "/" for its root.
void rdt_class(const Linux& linux_part, const Place& place, Problems& problems) {
  if (!linux_part.intelRdt) return;
  const std::string& id = linux_part.intelRdt->closID;
  if (id == "/") return;
  const Place rdt(place, "intelRdt");
  if (id == "." || id == ".." || id.find('/') != std::string::npos || has_control_character(id)) {
    problems.add(Place(rdt, "closID"), quote(id) + " is no name of a directory");
  }
}

// config-linux.md, "IntelRdt": one line each; the memory bandwidth begins with "MB:".
void rdt_schemata(const Linux& linux_part, const Place& place, Problems& problems) {
  if (!linux_part.intelRdt) return;
  const IntelRdt& rdt = *linux_part.intelRdt;
  const Place at(place, "intelRdt");
  const auto check_line = [&](const std::string& line, const Place& where) {
    if (line.find('\n') != std::string::npos) problems.add(where, "must be one line");
  };
  check_line(rdt.l3CacheSchema, Place(at, "l3CacheSchema"));
  check_line(rdt.memBwSchema, Place(at, "memBwSchema"));
  const Place schemata(at, "schemata");
  for (std::size_t i = 0; i < rdt.schemata.size(); ++i) {
    check_line(rdt.schemata[i], Place(schemata, i));
  }
  if (!rdt.memBwSchema.empty() && !rdt.memBwSchema.starts_with("MB:")) {
    problems.add(Place(at, "memBwSchema"), "must begin with MB:, is " + quote(rdt.memBwSchema));
  }
}

}  // namespace

std::span<const Rule<Linux>> linux_rules() {
  static constexpr Rule<Linux> rules[] = {
      device_paths,        device_types_and_numbers,
      device_modes,        device_owners,
      device_conflicts,    cgroups_path,
      personality_flags,   memory_policy_nodes,
      memory_policy_flags, rdt_class,
      rdt_schemata,
  };
  return rules;
}

}  // namespace tare::oci
