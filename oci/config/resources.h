// SPDX-License-Identifier: Apache-2.0
//
// linux.resources (config-linux.md, "Control groups"), of config.json and of `update --resources`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

struct DeviceCgroup {
  bool allow = false;
  std::string type;                   // "a", "c", "b"; empty means "a"
  std::optional<std::int64_t> major;  // absent: all
  std::optional<std::int64_t> minor;
  std::string access;  // of "rwm"
};

constexpr auto fields(Of<DeviceCgroup>) {
  return Table{
      Field<&DeviceCgroup::allow>{"allow", Presence::required},
      Field<&DeviceCgroup::type>{"type"},
      Field<&DeviceCgroup::major>{"major"},
      Field<&DeviceCgroup::minor>{"minor"},
      Field<&DeviceCgroup::access>{"access"},
  };
}

struct Memory {
  std::optional<std::int64_t> limit;        // bytes; -1: unlimited
  std::optional<std::int64_t> reservation;  // bytes
  std::optional<std::int64_t> swap;         // bytes, memory + swap
  std::optional<std::int64_t> kernel;
  std::optional<std::int64_t> kernelTCP;
  std::optional<std::uint64_t> swappiness;
  std::optional<bool> disableOOMKiller;
  std::optional<bool> useHierarchy;
  std::optional<bool> checkBeforeUpdate;
};

constexpr auto fields(Of<Memory>) {
  return Table{
      Field<&Memory::limit>{"limit"},
      Field<&Memory::reservation>{"reservation"},
      Field<&Memory::swap>{"swap"},
      Field<&Memory::kernel>{"kernel"},
      Field<&Memory::kernelTCP>{"kernelTCP"},
      Field<&Memory::swappiness>{"swappiness"},
      Field<&Memory::disableOOMKiller>{"disableOOMKiller"},
      Field<&Memory::useHierarchy>{"useHierarchy"},
      Field<&Memory::checkBeforeUpdate>{"checkBeforeUpdate"},
  };
}

struct CPU {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota;    // us
  std::optional<std::uint64_t> burst;   // us
  std::optional<std::uint64_t> period;  // us
  std::optional<std::int64_t> realtimeRuntime;
  std::optional<std::uint64_t> realtimePeriod;
  std::string cpus;  // cpuset(7) list format
  std::string mems;
  std::optional<std::int64_t> idle;
};

constexpr auto fields(Of<CPU>) {
  return Table{
      Field<&CPU::shares>{"shares"},
      Field<&CPU::quota>{"quota"},
      Field<&CPU::burst>{"burst"},
      Field<&CPU::period>{"period"},
      Field<&CPU::realtimeRuntime>{"realtimeRuntime"},
      Field<&CPU::realtimePeriod>{"realtimePeriod"},
      Field<&CPU::cpus>{"cpus"},
      Field<&CPU::mems>{"mems"},
      Field<&CPU::idle>{"idle"},
  };
}

struct Pids {
  std::optional<std::int64_t> limit;  // -1: unlimited
};

// The schema requires `limit`; the specification's text and its Go types no longer do.
constexpr auto fields(Of<Pids>) {
  return Table{
      Field<&Pids::limit>{"limit"},
  };
}

struct WeightDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leafWeight;
};

constexpr auto fields(Of<WeightDevice>) {
  return Table{
      Field<&WeightDevice::major>{"major", Presence::required},
      Field<&WeightDevice::minor>{"minor", Presence::required},
      Field<&WeightDevice::weight>{"weight"},
      Field<&WeightDevice::leafWeight>{"leafWeight"},
  };
}

struct ThrottleDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;  // bytes or operations per second
};

constexpr auto fields(Of<ThrottleDevice>) {
  return Table{
      Field<&ThrottleDevice::major>{"major", Presence::required},
      Field<&ThrottleDevice::minor>{"minor", Presence::required},
      Field<&ThrottleDevice::rate>{"rate", Presence::required},
  };
}

struct BlockIO {
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leafWeight;
  std::vector<WeightDevice> weightDevice;
  std::vector<ThrottleDevice> throttleReadBpsDevice;
  std::vector<ThrottleDevice> throttleWriteBpsDevice;
  std::vector<ThrottleDevice> throttleReadIOPSDevice;
  std::vector<ThrottleDevice> throttleWriteIOPSDevice;
};

constexpr auto fields(Of<BlockIO>) {
  return Table{
      Field<&BlockIO::weight>{"weight"},
      Field<&BlockIO::leafWeight>{"leafWeight"},
      Field<&BlockIO::weightDevice>{"weightDevice"},
      Field<&BlockIO::throttleReadBpsDevice>{"throttleReadBpsDevice"},
      Field<&BlockIO::throttleWriteBpsDevice>{"throttleWriteBpsDevice"},
      Field<&BlockIO::throttleReadIOPSDevice>{"throttleReadIOPSDevice"},
      Field<&BlockIO::throttleWriteIOPSDevice>{"throttleWriteIOPSDevice"},
  };
}

struct HugepageLimit {
  std::string pageSize;  // "2MB"
  std::uint64_t limit = 0;
};

constexpr auto fields(Of<HugepageLimit>) {
  return Table{
      Field<&HugepageLimit::pageSize>{"pageSize", Presence::required},
      Field<&HugepageLimit::limit>{"limit", Presence::required},
  };
}

struct InterfacePriority {
  std::string name;
  std::uint32_t priority = 0;
};

constexpr auto fields(Of<InterfacePriority>) {
  return Table{
      Field<&InterfacePriority::name>{"name", Presence::required},
      Field<&InterfacePriority::priority>{"priority", Presence::required},
  };
}

struct Network {
  std::optional<std::uint32_t> classID;
  std::vector<InterfacePriority> priorities;
};

constexpr auto fields(Of<Network>) {
  return Table{
      Field<&Network::classID>{"classID"},
      Field<&Network::priorities>{"priorities"},
  };
}

struct Rdma {
  std::optional<std::uint32_t> hcaHandles;
  std::optional<std::uint32_t> hcaObjects;
};

constexpr auto fields(Of<Rdma>) {
  return Table{
      Field<&Rdma::hcaHandles>{"hcaHandles"},
      Field<&Rdma::hcaObjects>{"hcaObjects"},
  };
}

struct Resources {
  std::vector<DeviceCgroup> devices;
  std::optional<Memory> memory;
  std::optional<CPU> cpu;
  std::optional<Pids> pids;
  std::optional<BlockIO> blockIO;
  std::vector<HugepageLimit> hugepageLimits;
  std::optional<Network> network;
  std::map<std::string, Rdma> rdma;
  std::map<std::string, std::string> unified;
};

constexpr auto fields(Of<Resources>) {
  return Table{
      Field<&Resources::devices>{"devices"}, Field<&Resources::memory>{"memory"},
      Field<&Resources::cpu>{"cpu"},         Field<&Resources::pids>{"pids"},
      Field<&Resources::blockIO>{"blockIO"}, Field<&Resources::hugepageLimits>{"hugepageLimits"},
      Field<&Resources::network>{"network"}, Field<&Resources::rdma>{"rdma"},
      Field<&Resources::unified>{"unified"},
  };
}

// The kernel's value for cpu.shares: 2 to 262144.
std::uint64_t shares_in_range(std::uint64_t shares);

// Removes a device number that means "all".
void bring_into_normal_form(Resources& resources);

}  // namespace tare::oci
