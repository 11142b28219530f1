// SPDX-License-Identifier: Apache-2.0
//
// linux.resources in cgroup v2: Documentation/admin-guide/cgroup-v2.rst of the kernel.
#include "cgroups/limits/conversion.h"
#include "cgroups/limits/rows.h"

namespace tare::cgroups {

namespace {

using oci::BlockIO;
using oci::CPU;
using oci::Memory;
using oci::Resources;

// An idle cgroup (cpu.idle) refuses cpu.weight with EINVAL and ignores the weight.
Values weight_of_cpu(const Resources& resources) {
  const auto shares = field<&Resources::cpu, &CPU::shares>(resources);
  if (!shares || *shares == 0 || field<&Resources::cpu, &CPU::idle>(resources) == 1) {
    return std::vector<Value>{};
  }
  return std::vector<Value>{{std::to_string(weight_of_shares(*shares))}};
}

// A single number changes the quota and keeps the period, initially 100000.
Values quota_and_period(const Resources& resources) {
  const std::int64_t quota = field<&Resources::cpu, &CPU::quota>(resources).value_or(0);
  const std::uint64_t period = field<&Resources::cpu, &CPU::period>(resources).value_or(0);
  if (quota == 0 && period == 0) return std::vector<Value>{};
  std::string line = limit_or_max(quota == 0 ? -1 : quota);
  if (period != 0) line += " " + std::to_string(period);
  return std::vector<Value>{{std::move(line), quota < 0}};
}

bool is_checked(const Resources& resources) {
  return field<&Resources::memory, &Memory::checkBeforeUpdate>(resources).value_or(false);
}

template <auto Field>
Values memory_limit(const Resources& resources) {
  const auto limit = field<&Resources::memory, Field>(resources);
  if (!limit || *limit == 0) return std::vector<Value>{};
  return std::vector<Value>{{limit_or_max(*limit), *limit < 0}};
}

// v1 refuses a limit below the usage; v2 would call the OOM killer.
Values checked_limit(const Resources& resources) {
  Values values = memory_limit<&Memory::limit>(resources);
  if (!is_checked(resources)) return values;
  for (Value& value : *values) {
    if (value.text != "max") value.usage_file = "memory.current";
  }
  return values;
}

// config.json limits the sum of memory and swap; memory.swap.max limits only swap.
Values swap_alone(const Resources& resources) {
  const std::int64_t limit = field<&Resources::memory, &Memory::limit>(resources).value_or(0);
  const std::int64_t both = field<&Resources::memory, &Memory::swap>(resources).value_or(0);
  if (both < 0 || (both == 0 && limit < 0)) return std::vector<Value>{{"max", true}};
  if (both == 0) return std::vector<Value>{};
  if (limit == 0) {
    return Error::config(pointer_to("/memory/swap"),
                         "unable to set swap limit without memory limit");
  }
  if (limit < 0) {
    return Error::config(pointer_to("/memory/swap"),
                         "memory is unlimited, so memory and swap together cannot be limited");
  }
  if (both < limit) {
    return Error::config(pointer_to("/memory/swap"),
                         "memory and swap together, " + std::to_string(both) +
                             ", are less than the memory limit, " + std::to_string(limit));
  }
  // Without swap accounting the file does not exist; without swap there is nothing to limit.
  Value value{std::to_string(both - limit), both == limit};
  if (is_checked(resources)) value.usage_file = "memory.swap.current";
  return std::vector<Value>{std::move(value)};
}

// "false" is what v2 always does.
Values oom_killer_off(const Resources& resources) {
  const bool off = field<&Resources::memory, &Memory::disableOOMKiller>(resources).value_or(false);
  if (!off) return std::vector<Value>{};
  return std::vector<Value>{{"1"}};
}

Values weight_of_io(const Resources& resources) {
  const std::uint16_t weight = field<&Resources::blockIO, &BlockIO::weight>(resources).value_or(0);
  if (weight == 0) return std::vector<Value>{};
  if (weight < 10 || weight > 1000) {
    return Error::config(pointer_to("/blockIO/weight"),
                         "weight " + std::to_string(weight) + " is not within 10 and 1000");
  }
  Value value{std::to_string(weight)};
  value.fallback = Write::Fallback{"io.weight", std::to_string(io_weight_of_blkio_weight(weight))};
  return std::vector<Value>{std::move(value)};
}

Values weight_device(const Resources& resources) {
  return weight_devices(resources, &oci::WeightDevice::weight);
}

Values leaf_weight_device(const Resources& resources) {
  return weight_devices(resources, &oci::WeightDevice::leafWeight);
}

enum class Rate { rbps, wbps, riops, wiops };
constexpr const char* rate_names[] = {"rbps", "wbps", "riops", "wiops"};

// Rate 0 removes the device's limit.
template <auto Field, Rate Kind>
Values io_max(const Resources& resources) {
  std::vector<Value> values;
  const auto devices = field<&Resources::blockIO, Field>(resources);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::string rate = devices[i].rate == 0 ? "max" : std::to_string(devices[i].rate);
    values.push_back({device_number(devices[i].major, devices[i].minor) + " " +
                          rate_names[static_cast<int>(Kind)] + "=" + rate,
                      devices[i].rate == 0,
                      {},
                      "/" + std::to_string(i)});
  }
  return values;
}

Values hugepages(const Resources& resources) {
  return hugepage_limits(resources, [](const std::string& size) {
    return HugepageFiles{"hugetlb." + size + ".rsvd.max", "hugetlb." + size + ".max"};
  });
}

Values priorities(const Resources& resources) {
  std::vector<Value> values;
  if (!resources.network) return values;
  const auto& wanted = resources.network->priorities;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    values.push_back({wanted[i].name, wanted[i].priority == 0, {}, "/" + std::to_string(i)});
  }
  return values;
}

// memory.kernel and kernelTCP are missing: the specification advises against them, and v2 counts
// both as memory.
constexpr Row rows[] = {
    {"/cpu/cpus", "cpuset", "cpuset.cpus", text_value<&Resources::cpu, &CPU::cpus>},
    {"/cpu/mems", "cpuset", "cpuset.mems", text_value<&Resources::cpu, &CPU::mems>},
    {"/cpu/shares", "cpu", "cpu.weight", weight_of_cpu},
    {"/cpu/quota", "cpu", "cpu.max", quota_and_period},
    {"/cpu/burst", "cpu", "cpu.max.burst", number<&Resources::cpu, &CPU::burst>},
    {"/cpu/realtimePeriod", "cpu", nullptr, nonzero<&Resources::cpu, &CPU::realtimePeriod>},
    {"/cpu/realtimeRuntime", "cpu", nullptr, nonzero<&Resources::cpu, &CPU::realtimeRuntime>},
    {"/cpu/idle", "cpu", "cpu.idle", number<&Resources::cpu, &CPU::idle>},
    {"/memory/limit", "memory", "memory.max", checked_limit},
    {"/memory/swap", "memory", "memory.swap.max", swap_alone},
    {"/memory/reservation", "memory", "memory.low", memory_limit<&Memory::reservation>},
    {"/memory/swappiness", "memory", nullptr, swappiness},
    {"/memory/disableOOMKiller", "memory", nullptr, oom_killer_off},
    {"/pids/limit", "pids", "pids.max", pids_limit},
    {"/blockIO/weight", "io", "io.bfq.weight", weight_of_io},
    {"/blockIO/leafWeight", "io", nullptr, nonzero<&Resources::blockIO, &BlockIO::leafWeight>},
    {"/blockIO/weightDevice", "io", "io.bfq.weight", weight_device},
    {"/blockIO/weightDevice", "io", nullptr, leaf_weight_device},
    {"/blockIO/throttleReadBpsDevice", "io", "io.max",
     io_max<&BlockIO::throttleReadBpsDevice, Rate::rbps>},
    {"/blockIO/throttleWriteBpsDevice", "io", "io.max",
     io_max<&BlockIO::throttleWriteBpsDevice, Rate::wbps>},
    {"/blockIO/throttleReadIOPSDevice", "io", "io.max",
     io_max<&BlockIO::throttleReadIOPSDevice, Rate::riops>},
    {"/blockIO/throttleWriteIOPSDevice", "io", "io.max",
     io_max<&BlockIO::throttleWriteIOPSDevice, Rate::wiops>},
    {"/hugepageLimits", "hugetlb", "", hugepages},
    {"/network/classID", "net_cls", nullptr, number<&Resources::network, &oci::Network::classID>},
    {"/network/priorities", "net_prio", nullptr, priorities},
    {"/rdma", "rdma", "rdma.max", rdma_limits},
};

}  // namespace

std::span<const Row> rows_v2() {
  return rows;
}

}  // namespace tare::cgroups
