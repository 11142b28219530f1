// SPDX-License-Identifier: Apache-2.0
#include "oci/config/resources.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// config-linux.md, "Allowed Device list": a type, valid numbers, and for a permission the accesses
// r, w and m.
void device_rules(const Resources& resources, const Place& place, Problems& problems) {
  const Place devices(place, "devices");
  for (std::size_t i = 0; i < resources.devices.size(); ++i) {
    const DeviceCgroup& rule = resources.devices[i];
    const Place at(devices, i);
    if (!rule.type.empty() && rule.type != "a" && rule.type != "b" && rule.type != "c") {
      problems.add(Place(at, "type"), "must be a, b or c, is " + quote(rule.type));
    }
    if (rule.access.find_first_not_of("rwm") != std::string::npos) {
      problems.add(Place(at, "access"), "must be made of r, w and m, is " + quote(rule.access));
    }
    if (rule.allow && rule.access.empty()) problems.add(Place(at, "access"), "allows no access");
    check_device_number(rule.major.value_or(0), rule.minor.value_or(0), at, problems);
  }
}

// ---- memory ------------------------------------------------------------------------------------

struct MemoryLimit {
  const char* name;
  std::optional<std::int64_t> Memory::*value;
};
constexpr MemoryLimit memory_limits[] = {
    {"limit", &Memory::limit},   {"reservation", &Memory::reservation}, {"swap", &Memory::swap},
    {"kernel", &Memory::kernel}, {"kernelTCP", &Memory::kernelTCP},
};

// config-linux.md, "Memory": bytes, or -1 for unlimited.
void memory_values(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.memory) return;
  const Place memory(place, "memory");
  for (const MemoryLimit& limit : memory_limits) {
    const std::int64_t value = (*resources.memory.*limit.value).value_or(0);
    if (value >= -1) continue;
    problems.add(Place(memory, limit.name), "must be bytes or -1, is " + std::to_string(value));
  }
}

// config-linux.md, "Memory": swap is the limit of memory and swap together; with 0 neither is set.
void memory_swap(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.memory) return;
  const std::int64_t limit = resources.memory->limit.value_or(0);
  const std::int64_t swap = resources.memory->swap.value_or(0);
  if (limit <= 0 || swap <= 0 || swap >= limit) return;
  const Place memory(place, "memory");
  problems.add(Place(memory, "swap"), "is memory and swap together, so must not be below limit: " +
                                          std::to_string(swap) + " < " + std::to_string(limit));
}

// config-linux.md, "Memory": 0 to 100.
void memory_swappiness(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.memory || resources.memory->swappiness.value_or(0) <= 100) return;
  const Place memory(place, "memory");
  problems.add(Place(memory, "swappiness"),
               "must be from 0 to 100, is " + std::to_string(*resources.memory->swappiness));
}

// ---- cpu ---------------------------------------------------------------------------------------

// sched/core.c, tg_set_cfs_bandwidth: 1 ms to 1 s; 0 means no change.
void cpu_period(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.cpu) return;
  const std::uint64_t period = resources.cpu->period.value_or(0);
  if (period == 0 || (period >= 1000 && period <= 1'000'000)) return;
  const Place cpu(place, "cpu");
  problems.add(Place(cpu, "period"),
               "must be from 1000 to 1000000 us, is " + std::to_string(period));
}

// sched/core.c, tg_set_cfs_bandwidth: at least 1 ms; values below 1 mean no limit.
void cpu_quota(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.cpu) return;
  const std::int64_t quota = resources.cpu->quota.value_or(0);
  if (quota <= 0 || quota >= 1000) return;
  const Place cpu(place, "cpu");
  problems.add(Place(cpu, "quota"), "must be at least 1000 us, is " + std::to_string(quota));
}

// config-linux.md, "CPU": burst is not above a positive quota.
void cpu_burst(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.cpu) return;
  const std::int64_t quota = resources.cpu->quota.value_or(0);
  const std::uint64_t burst = resources.cpu->burst.value_or(0);
  if (quota <= 0 || burst <= static_cast<std::uint64_t>(quota)) return;
  const Place cpu(place, "cpu");
  problems.add(Place(cpu, "burst"),
               "must not be above quota: " + std::to_string(burst) + " > " + std::to_string(quota));
}

// config-linux.md, "CPU": idle is 0 or 1.
void cpu_idle(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.cpu) return;
  const std::int64_t idle = resources.cpu->idle.value_or(0);
  if (idle == 0 || idle == 1) return;
  const Place cpu(place, "cpu");
  problems.add(Place(cpu, "idle"), "must be 0 or 1, is " + std::to_string(idle));
}

// cpuset(7), "List format".
void cpu_lists(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.cpu) return;
  const Place cpu(place, "cpu");
  if (!is_number_list(resources.cpu->cpus)) {
    problems.add(Place(cpu, "cpus"), quote(resources.cpu->cpus) + " is not a list of CPUs");
  }
  if (!is_number_list(resources.cpu->mems)) {
    problems.add(Place(cpu, "mems"), quote(resources.cpu->mems) + " is not a list of memory nodes");
  }
}

// ---- block devices -----------------------------------------------------------------------------

// blkio-controller.rst: 10 to 1000; 0 means no change.
void check_weight(std::optional<std::uint16_t> weight, const Place& place, Problems& problems) {
  const std::uint16_t value = weight.value_or(0);
  if (value == 0 || (value >= 10 && value <= 1000)) return;
  problems.add(place, "must be from 10 to 1000, is " + std::to_string(value));
}

// config-linux.md, "Block IO": a device has a weight or a leaf weight.
void block_weights(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.blockIO) return;
  const Place block(place, "blockIO");
  check_weight(resources.blockIO->weight, Place(block, "weight"), problems);
  check_weight(resources.blockIO->leafWeight, Place(block, "leafWeight"), problems);
  const Place list(block, "weightDevice");
  for (std::size_t i = 0; i < resources.blockIO->weightDevice.size(); ++i) {
    const WeightDevice& device = resources.blockIO->weightDevice[i];
    const Place at(list, i);
    check_device_number(device.major, device.minor, at, problems);
    check_weight(device.weight, Place(at, "weight"), problems);
    check_weight(device.leafWeight, Place(at, "leafWeight"), problems);
    if (!device.weight && !device.leafWeight) problems.add(at, "needs weight or leafWeight");
  }
}

struct Throttle {
  const char* name;
  std::vector<ThrottleDevice> BlockIO::*list;
};
constexpr Throttle throttles[] = {
    {"throttleReadBpsDevice", &BlockIO::throttleReadBpsDevice},
    {"throttleWriteBpsDevice", &BlockIO::throttleWriteBpsDevice},
    {"throttleReadIOPSDevice", &BlockIO::throttleReadIOPSDevice},
    {"throttleWriteIOPSDevice", &BlockIO::throttleWriteIOPSDevice},
};

void block_throttles(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.blockIO) return;
  const Place block(place, "blockIO");
  for (const Throttle& throttle : throttles) {
    const Place list(block, throttle.name);
    const std::vector<ThrottleDevice>& devices = *resources.blockIO.*throttle.list;
    for (std::size_t i = 0; i < devices.size(); ++i) {
      check_device_number(devices[i].major, devices[i].minor, Place(list, i), problems);
    }
  }
}

// ---- the other controllers ---------------------------------------------------------------------

// config-linux.md, "PIDs": 0 is a limit, -1 means none.
void pids_limit(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.pids || resources.pids->limit.value_or(0) >= -1) return;
  const Place pids(place, "pids");
  problems.add(Place(pids, "limit"),
               "must be a number of tasks or -1, is " + std::to_string(*resources.pids->limit));
}

// "<size><K|M|G>B" with a power of two, as in the kernel's file names.
bool is_page_size(std::string_view text) {
  if (text.size() < 3 || text.back() != 'B') return false;
  if (std::string_view("KMG").find(text[text.size() - 2]) == std::string_view::npos) return false;
  const auto size = parse_number<std::uint32_t>(text.substr(0, text.size() - 2));
  return size && text[0] != '0' && std::has_single_bit(*size);
}

// config-linux.md, "Huge page limits".
void hugepage_sizes(const Resources& resources, const Place& place, Problems& problems) {
  const Place list(place, "hugepageLimits");
  for (std::size_t i = 0; i < resources.hugepageLimits.size(); ++i) {
    const std::string& size = resources.hugepageLimits[i].pageSize;
    const Place at(list, i);
    if (is_page_size(size)) continue;
    problems.add(Place(at, "pageSize"), "must be a page size like 2MB, is " + quote(size));
  }
}

// A name becomes a word in a line of a control file.
bool is_word(std::string_view name) {
  return !name.empty() && name.find(' ') == std::string_view::npos && !has_control_character(name);
}

void network_names(const Resources& resources, const Place& place, Problems& problems) {
  if (!resources.network) return;
  const Place network(place, "network");
  const Place list(network, "priorities");
  for (std::size_t i = 0; i < resources.network->priorities.size(); ++i) {
    const std::string& name = resources.network->priorities[i].name;
    const Place at(list, i);
    if (is_word(name)) continue;
    problems.add(Place(at, "name"), quote(name) + " is not a valid network interface name");
  }
}

// config-linux.md, "RDMA": at least one limit per device.
void rdma_limits(const Resources& resources, const Place& place, Problems& problems) {
  const Place rdma(place, "rdma");
  for (const auto& [device, limits] : resources.rdma) {
    const Place at(rdma, device);
    if (!is_word(device)) problems.add(at, "is not a valid device name");
    if (!limits.hcaHandles && !limits.hcaObjects) {
      problems.add(at, "needs hcaHandles or hcaObjects");
    }
  }
}

// Files that move processes and delegate (cgroups(7)): they set the container's structure, not its
// limits.
constexpr std::string_view not_a_limit[] = {
    "cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
    "cgroup.type",  "cgroup.freeze",  "cgroup.kill",
};

// config-linux.md, "Unified": a key is a file of the cgroup, CONTROLLER.PARAMETER.
void unified_keys(const Resources& resources, const Place& place, Problems& problems) {
  const Place unified(place, "unified");
  for (const auto& [key, value] : resources.unified) {
    const Place at(unified, key);
    const std::size_t dot = key.find('.');
    const bool named = dot != std::string::npos && dot > 0 && dot + 1 < key.size();
    if (!named || key.find('/') != std::string::npos || !is_word(key)) {
      problems.add(at, "must be of the form CONTROLLER.PARAMETER");
    } else if (std::find(std::begin(not_a_limit), std::end(not_a_limit), key) !=
               std::end(not_a_limit)) {
      problems.add(at, "is not a limit, the runtime writes it");
    }
  }
}

}  // namespace

void check(const Resources& resources, const Place& place, Problems& problems) {
  static constexpr Rule<Resources> rules[] = {
      device_rules,   memory_values, memory_swap, memory_swappiness, cpu_period, cpu_quota,
      cpu_burst,      cpu_idle,      cpu_lists,   block_weights,     pids_limit, block_throttles,
      hugepage_sizes, network_names, rdma_limits, unified_keys,
  };
  check_rules<Resources>(rules, resources, place, problems);
}

std::uint64_t shares_in_range(std::uint64_t shares) {
  return std::clamp<std::uint64_t>(shares, 2, 262144);
}

// sched/core.c, MIN_SHARES and MAX_SHARES: the kernel silently reduces values beyond them. 0 means
// not set.
void warn(const Resources& resources, const Place& place, std::vector<Error>& said) {
  const std::uint64_t shares = resources.cpu ? resources.cpu->shares.value_or(0) : 0;
  if (shares == 0 || shares == shares_in_range(shares)) return;
  const Place cpu(place, "cpu");
  said.push_back(Place(cpu, "shares")
                     .error(std::to_string(shares) + " is out of the kernel's range, taken for " +
                            std::to_string(shares_in_range(shares))));
}

// ---- normal form --------------------------------------------------------------------------------

namespace {

// config-linux.md, "Allowed Device list": an absent number means all. Docker writes -1 for its `*`.
void absent_if_all(std::optional<std::int64_t>& number) {
  if (number == -1) number.reset();
}

}  // namespace

void bring_into_normal_form(Resources& resources) {
  for (DeviceCgroup& rule : resources.devices) {
    absent_if_all(rule.major);
    absent_if_all(rule.minor);
  }
}

}  // namespace tare::oci
