// SPDX-License-Identifier: Apache-2.0
//
// linux.resources in cgroup v1: Documentation/admin-guide/cgroup-v1 of the kernel.
#include "cgroups/limits/rows.h"
#include "oci/validate.h"

namespace tare::cgroups {

namespace {

using oci::BlockIO;
using oci::CPU;
using oci::Memory;
using oci::Resources;

// An idle cgroup (cpu.idle) refuses cpu.shares with EINVAL and ignores shares.
Values shares(const Resources& resources) {
  const auto shares = field<&Resources::cpu, &CPU::shares>(resources);
  if (!shares || *shares == 0 || field<&Resources::cpu, &CPU::idle>(resources) == 1) {
    return std::vector<Value>{};
  }
  return std::vector<Value>{{std::to_string(oci::shares_in_range(*shares))}};
}

// memory.memsw cannot be less than memory, so unlimited memory implies unlimited memory and swap.
Values memory_and_swap(const Resources& resources) {
  const auto limit = field<&Resources::memory, &Memory::limit>(resources);
  const auto swap = field<&Resources::memory, &Memory::swap>(resources);
  if (swap && *swap != 0) return std::vector<Value>{{std::to_string(*swap), *swap < 0}};
  if (limit && *limit < 0) return std::vector<Value>{{"-1", true}};
  return std::vector<Value>{};
}

// Deprecated by the specification and removed from newer kernels; set where it still exists.
template <auto Field>
Values deprecated(const Resources& resources) {
  Values values = nonzero<&Resources::memory, Field>(resources);
  for (Value& value : *values) value.holds_anyway = true;
  return values;
}

Values oom_killer(const Resources& resources) {
  const auto disabled = field<&Resources::memory, &Memory::disableOOMKiller>(resources);
  if (!disabled) return std::vector<Value>{};
  return std::vector<Value>{{*disabled ? "1" : "0", !*disabled}};
}

// Since Linux 5.11 accounting is always hierarchical; "false" is from older kernels.
Values hierarchy(const Resources& resources) {
  const auto wanted = field<&Resources::memory, &Memory::useHierarchy>(resources);
  if (!wanted || !*wanted) return std::vector<Value>{};
  return std::vector<Value>{{"1", true}};
}

// Weights need the scheduler CFQ or, in newer kernels, BFQ; each has its own file.
Values weight(const Resources& resources) {
  Values values = nonzero<&Resources::blockIO, &BlockIO::weight>(resources);
  for (Value& value : *values) value.fallback = Write::Fallback{"blkio.weight", value.text};
  return values;
}

Values weight_device(const Resources& resources) {
  Values values = weight_devices(resources, &oci::WeightDevice::weight);
  if (!values.ok()) return values;
  for (Value& value : *values) value.fallback = Write::Fallback{"blkio.weight_device", value.text};
  return values;
}

Values leaf_weight_device(const Resources& resources) {
  return weight_devices(resources, &oci::WeightDevice::leafWeight);
}

// Rate 0 removes the device's limit.
template <auto Field>
Values throttle(const Resources& resources) {
  std::vector<Value> values;
  const auto devices = field<&Resources::blockIO, Field>(resources);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    values.push_back(
        {device_number(devices[i].major, devices[i].minor) + " " + std::to_string(devices[i].rate),
         devices[i].rate == 0,
         {},
         "/" + std::to_string(i)});
  }
  return values;
}

Values hugepages(const Resources& resources) {
  return hugepage_limits(resources, [](const std::string& size) {
    return HugepageFiles{"hugetlb." + size + ".rsvd.limit_in_bytes",
                         "hugetlb." + size + ".limit_in_bytes"};
  });
}

Values priorities(const Resources& resources) {
  std::vector<Value> values;
  if (!resources.network) return values;
  const auto& wanted = resources.network->priorities;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    values.push_back({wanted[i].name + " " + std::to_string(wanted[i].priority),
                      wanted[i].priority == 0,
                      {},
                      "/" + std::to_string(i)});
  }
  return values;
}

constexpr Row rows[] = {
    {"/cpu/cpus", "cpuset", "cpuset.cpus", text_value<&Resources::cpu, &CPU::cpus>},
    {"/cpu/mems", "cpuset", "cpuset.mems", text_value<&Resources::cpu, &CPU::mems>},
    {"/cpu/shares", "cpu", "cpu.shares", shares},
    {"/cpu/period", "cpu", "cpu.cfs_period_us", nonzero<&Resources::cpu, &CPU::period>},
    {"/cpu/quota", "cpu", "cpu.cfs_quota_us", nonzero<&Resources::cpu, &CPU::quota>},
    {"/cpu/burst", "cpu", "cpu.cfs_burst_us", number<&Resources::cpu, &CPU::burst>},
    {"/cpu/realtimePeriod", "cpu", "cpu.rt_period_us",
     nonzero<&Resources::cpu, &CPU::realtimePeriod>, true},
    {"/cpu/realtimeRuntime", "cpu", "cpu.rt_runtime_us",
     nonzero<&Resources::cpu, &CPU::realtimeRuntime>, true},
    {"/cpu/idle", "cpu", "cpu.idle", number<&Resources::cpu, &CPU::idle>},
    {"/memory/useHierarchy", "memory", "memory.use_hierarchy", hierarchy},
    {"/memory/limit", "memory", "memory.limit_in_bytes",
     nonzero<&Resources::memory, &Memory::limit>},
    {"/memory/swap", "memory", "memory.memsw.limit_in_bytes", memory_and_swap},
    {"/memory/reservation", "memory", "memory.soft_limit_in_bytes",
     nonzero<&Resources::memory, &Memory::reservation>},
    {"/memory/kernel", "memory", "memory.kmem.limit_in_bytes", deprecated<&Memory::kernel>},
    {"/memory/kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes",
     deprecated<&Memory::kernelTCP>},
    {"/memory/swappiness", "memory", "memory.swappiness", swappiness},
    {"/memory/disableOOMKiller", "memory", "memory.oom_control", oom_killer},
    {"/pids/limit", "pids", "pids.max", pids_limit},
    {"/blockIO/weight", "blkio", "blkio.bfq.weight", weight},
    {"/blockIO/leafWeight", "blkio", "blkio.leaf_weight",
     nonzero<&Resources::blockIO, &BlockIO::leafWeight>},
    {"/blockIO/weightDevice", "blkio", "blkio.bfq.weight_device", weight_device},
    {"/blockIO/weightDevice", "blkio", "blkio.leaf_weight_device", leaf_weight_device},
    {"/blockIO/throttleReadBpsDevice", "blkio", "blkio.throttle.read_bps_device",
     throttle<&BlockIO::throttleReadBpsDevice>},
    {"/blockIO/throttleWriteBpsDevice", "blkio", "blkio.throttle.write_bps_device",
     throttle<&BlockIO::throttleWriteBpsDevice>},
    {"/blockIO/throttleReadIOPSDevice", "blkio", "blkio.throttle.read_iops_device",
     throttle<&BlockIO::throttleReadIOPSDevice>},
    {"/blockIO/throttleWriteIOPSDevice", "blkio", "blkio.throttle.write_iops_device",
     throttle<&BlockIO::throttleWriteIOPSDevice>},
    {"/hugepageLimits", "hugetlb", "", hugepages},
    {"/network/classID", "net_cls", "net_cls.classid",
     number<&Resources::network, &oci::Network::classID>},
    {"/network/priorities", "net_prio", "net_prio.ifpriomap", priorities},
    {"/rdma", "rdma", "rdma.max", rdma_limits},
};

}  // namespace

std::span<const Row> rows_v1() {
  return rows;
}

}  // namespace tare::cgroups
