// SPDX-License-Identifier: Apache-2.0
//
// Documentation/admin-guide/cgroup-v2.rst of the kernel, converted to v1's values.
#include <algorithm>
#include <limits>

#include "base/text.h"
#include "cgroups/stats/stat_text.h"
#include "cgroups/stats/stats.h"

namespace tare::cgroups {

namespace {

using oci::BlkioStats;
using oci::CpuStats;
using oci::CpuUsage;
using oci::MemoryEntry;
using oci::MemoryStats;
using oci::PidsStats;
using oci::Stats;
using oci::Throttling;

constexpr std::uint64_t ns_in_us = 1000;

constexpr StatKey cpu_stat[] = {
    {"usage_usec", stat_at<&Stats::cpu, &CpuStats::usage, &CpuUsage::total>, ns_in_us},
    {"user_usec", stat_at<&Stats::cpu, &CpuStats::usage, &CpuUsage::user>, ns_in_us},
    {"system_usec", stat_at<&Stats::cpu, &CpuStats::usage, &CpuUsage::kernel>, ns_in_us},
    {"nr_periods", stat_at<&Stats::cpu, &CpuStats::throttling, &Throttling::periods>},
    {"nr_throttled", stat_at<&Stats::cpu, &CpuStats::throttling, &Throttling::throttledPeriods>},
    {"throttled_usec", stat_at<&Stats::cpu, &CpuStats::throttling, &Throttling::throttledTime>,
     ns_in_us},
};

void take_cpu_stat(std::string_view text, Stats& stats) {
  take_keys(text, cpu_stat, stats);
}

void take_v2_memory(std::string_view text, Stats& stats) {
  take_memory_stat(text, "file", stats);
}

// Every cgroup lists its processes, even without the pids controller. Their number comes first in
// the table, so that the controller's count replaces it.
void take_procs(std::string_view text, Stats& stats) {
  stats.pids.current = text.empty() ? 0 : split(text, '\n').size();
}

struct IoKey {
  std::string_view key;
  const char* op;
  oci::BlkioEntries BlkioStats::*field;
};
constexpr IoKey io_keys[] = {
    {"rbytes", "Read", &BlkioStats::ioServiceBytes},
    {"wbytes", "Write", &BlkioStats::ioServiceBytes},
    {"rios", "Read", &BlkioStats::ioServiced},
    {"wios", "Write", &BlkioStats::ioServiced},
};

// "8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0"
void take_io_stat(std::string_view text, Stats& stats) {
  for (std::string_view line : split(text, '\n')) {
    const std::optional<oci::BlkioEntry> device = take_device(line);
    if (!device) continue;
    for (const std::string_view word : split(line, ' ')) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos) continue;
      for (const IoKey& row : io_keys) {
        if (row.key != word.substr(0, equals)) continue;
        (stats.blkio.*row.field)
            .push_back(
                {device->major, device->minor, row.op, stat_number(word.substr(equals + 1))});
      }
    }
  }
}

// A file exists if its controller is enabled; those of cpu.stat and of pressure always exist.
constexpr StatRow rows[] = {
    {"", "cpu.stat", take_cpu_stat},
    {"", "cpu.pressure", take_pressures<&Stats::cpu, &CpuStats::psi>},
    {"", "memory.stat", take_v2_memory},
    {"", "memory.current", take_memory<&MemoryStats::usage, &MemoryEntry::usage>},
    {"", "memory.peak", take_memory<&MemoryStats::usage, &MemoryEntry::max>},
    {"", "memory.max", take_memory<&MemoryStats::usage, &MemoryEntry::limit>},
    {"", "memory.swap.current", take_memory<&MemoryStats::swap, &MemoryEntry::usage>},
    {"", "memory.swap.max", take_memory<&MemoryStats::swap, &MemoryEntry::limit>},
    {"", "memory.pressure", take_pressures<&Stats::memory, &MemoryStats::psi>},
    {"", "cgroup.procs", take_procs},
    {"", "pids.current", take_number<&Stats::pids, &PidsStats::current>},
    {"", "pids.max", take_pids_max},
    {"", "io.stat", take_io_stat},
    {"", "io.pressure", take_pressures<&Stats::blkio, &BlkioStats::psi>},
};

std::uint64_t total(std::uint64_t one, std::uint64_t other) {
  return one > stat_max - other ? stat_max : one + other;
}

// v2 limits only swap; v1, and readers of this document, use the sum of memory and swap.
void add_memory_to_swap(MemoryStats& memory_stats) {
  MemoryEntry& swap = memory_stats.swap;
  swap.usage = total(swap.usage, memory_stats.usage.usage);
  swap.limit = total(swap.limit, memory_stats.usage.limit);
}

Call<void> add_hugetlb(int directory, Stats& stats) {
  for (const std::string& size : TRY(hugepage_sizes(directory, ".current"))) {
    const std::string prefix = "hugetlb." + size;
    oci::HugetlbStats& entry = stats.hugetlb[size];
    // Reservations count too, if the kernel supports them (Linux 5.7).
    std::optional<std::string> usage =
        TRY(read_stat(directory, (prefix + ".rsvd.current").c_str()));
    if (!usage) usage = TRY(read_stat(directory, (prefix + ".current").c_str()));
    entry.usage = stat_number(usage.value_or(""));
    const auto events =
        stat_keys(TRY(read_stat(directory, (prefix + ".events").c_str())).value_or(""));
    entry.failcnt = value_of(events, "max");
  }
  return {};
}

}  // namespace

Call<void> add_stats_v2(int directory, Stats& stats) {
  TRY(take_rows(directory, rows, nullptr, stats));
  const bool has_swap = TRY(read_stat(directory, "memory.swap.current")).has_value();
  if (has_swap) add_memory_to_swap(stats.memory);
  return add_hugetlb(directory, stats);
}

}  // namespace tare::cgroups
