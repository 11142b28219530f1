// SPDX-License-Identifier: Apache-2.0
//
// The resource usage of a container in the format of `runc events`, which containerd, Docker and
// others decode. Zero members are omitted as there, except those that are always written
// (oci/output/events.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

// "12.34" of a pressure file, in hundredths.
struct Average {
  std::uint64_t hundredths = 0;
};

// Documentation/accounting/psi.rst: the share of time, in percent, in which some or all tasks
// waited.
struct Pressure {
  Average avg10, avg60, avg300;
  std::uint64_t total = 0;  // microseconds
};

struct Pressures {
  Pressure some, full;
};

struct CpuUsage {  // nanoseconds
  std::uint64_t total = 0;
  std::vector<std::uint64_t> percpu, percpuKernel, percpuUser;
  std::uint64_t kernel = 0;
  std::uint64_t user = 0;
};

struct Throttling {
  std::uint64_t periods = 0;
  std::uint64_t throttledPeriods = 0;
  std::uint64_t throttledTime = 0;  // nanoseconds
};

struct CpuStats {
  CpuUsage usage;
  Throttling throttling;
  std::optional<Pressures> psi;
};

struct CpusetStats {  // only v1
  std::vector<std::uint16_t> cpus;
  std::vector<std::uint16_t> mems;
  std::uint64_t cpuExclusive = 0;
  std::uint64_t memHardwall = 0;
  std::uint64_t memExclusive = 0;
  std::uint64_t memoryMigrate = 0;
  std::uint64_t memorySpreadPage = 0;
  std::uint64_t memorySpreadSlab = 0;
  std::uint64_t memoryPressure = 0;
  std::uint64_t schedLoadBalance = 0;
  std::int64_t schedRelaxDomainLevel = 0;
};

struct MemoryEntry {        // bytes
  std::uint64_t limit = 0;  // none: 2^64-1
  std::uint64_t usage = 0;
  std::uint64_t max = 0;
  std::uint64_t failcnt = 0;  // times
};

struct MemoryStats {
  std::uint64_t cache = 0;
  MemoryEntry usage;
  MemoryEntry swap;  // memory and swap together
  MemoryEntry kernel;
  MemoryEntry kernelTcp;
  std::map<std::string, std::uint64_t> raw;  // memory.stat
  std::optional<Pressures> psi;
};

struct PidsStats {
  std::uint64_t current = 0;
  std::uint64_t limit = 0;  // 0: none
};

struct BlkioEntry {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::string op;  // "Read", "Write", "Sync", "Async", "Discard", "Total"; empty
  std::uint64_t value = 0;
};
using BlkioEntries = std::vector<BlkioEntry>;

struct BlkioStats {
  BlkioEntries ioServiceBytes, ioServiced, ioQueued, ioServiceTime, ioWaitTime, ioMerged, ioTime,
      sectors;
  std::optional<Pressures> psi;
};

struct HugetlbStats {  // bytes
  std::uint64_t usage = 0;
  std::uint64_t max = 0;
  std::uint64_t failcnt = 0;  // times
};

struct L3CacheInfo {
  std::string cbmMask;
  std::uint64_t minCbmBits = 0;
  std::uint64_t numClosids = 0;
};

struct MemoryBandwidthInfo {
  std::uint64_t bandwidthGran = 0;
  std::uint64_t delayLinear = 0;
  std::uint64_t minBandwidth = 0;
  std::uint64_t numClosids = 0;
};

struct BandwidthOfNode {  // bytes
  std::uint64_t total = 0;
  std::uint64_t local = 0;
};

struct CacheOfNode {
  std::uint64_t occupancy = 0;  // bytes
};

// Documentation/filesystems/resctrl.rst; the schemata are lines such as "L3:0=f;1=f".
struct IntelRdtStats {
  std::optional<L3CacheInfo> l3CacheInfo;
  std::string l3CacheSchemaRoot, l3CacheSchema;
  std::optional<MemoryBandwidthInfo> memBwInfo;
  std::string memBwSchemaRoot, memBwSchema;
  std::optional<std::vector<BandwidthOfNode>> mbmStats;
  std::optional<std::vector<CacheOfNode>> cmtStats;
};

struct Stats {
  CpuStats cpu;
  CpusetStats cpuset;
  MemoryStats memory;
  PidsStats pids;
  BlkioStats blkio;
  std::map<std::string, HugetlbStats> hugetlb;  // by page size: "2MB"
  IntelRdtStats intelRdt;
  // Engines read the network namespace itself. runc has not filled this for any container since
  // 2015.
  std::optional<std::string> networkInterfaces;
};

}  // namespace tare::oci
