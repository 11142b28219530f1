// SPDX-License-Identifier: Apache-2.0
//
// Documentation/admin-guide/cgroup-v1 of the kernel.
#include <limits>

#include "base/text.h"
#include "cgroups/stats/stat_text.h"
#include "cgroups/stats/stats.h"

namespace tare::cgroups {

namespace {

using oci::BlkioStats;
using oci::CpusetStats;
using oci::CpuStats;
using oci::CpuUsage;
using oci::MemoryEntry;
using oci::MemoryStats;
using oci::PidsStats;
using oci::Stats;
using oci::Throttling;

// USER_HZ is 100 on all supported architectures.
constexpr std::uint64_t ns_in_tick = 10'000'000;

constexpr StatKey cpuacct_stat[] = {
    {"user", stat_at<&Stats::cpu, &CpuStats::usage, &CpuUsage::user>, ns_in_tick},
    {"system", stat_at<&Stats::cpu, &CpuStats::usage, &CpuUsage::kernel>, ns_in_tick},
};

constexpr StatKey cpu_stat[] = {
    {"nr_periods", stat_at<&Stats::cpu, &CpuStats::throttling, &Throttling::periods>},
    {"nr_throttled", stat_at<&Stats::cpu, &CpuStats::throttling, &Throttling::throttledPeriods>},
    {"throttled_time", stat_at<&Stats::cpu, &CpuStats::throttling, &Throttling::throttledTime>},
};

void take_cpuacct_stat(std::string_view text, Stats& stats) {
  take_keys(text, cpuacct_stat, stats);
}

void take_cpu_stat(std::string_view text, Stats& stats) {
  take_keys(text, cpu_stat, stats);
}

// A header, then "CPU USER SYSTEM" for each CPU, in nanoseconds.
void take_usage_all(std::string_view text, Stats& stats) {
  CpuUsage& usage = stats.cpu.usage;
  const auto lines = split(text, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto numbers = stat_numbers(lines[i]);
    if (numbers.size() < 3) continue;
    usage.percpuUser.push_back(numbers[1]);
    usage.percpuKernel.push_back(numbers[2]);
  }
}

void take_relax_level(std::string_view text, Stats& stats) {
  const bool is_negative = text.starts_with('-');
  const auto level = parse_number<std::int32_t>(text.substr(is_negative ? 1 : 0));
  const std::int64_t value = level.value_or(0);
  stats.cpuset.schedRelaxDomainLevel = is_negative ? -value : value;
}

void take_v1_memory(std::string_view text, Stats& stats) {
  take_memory_stat(text, "cache", stats);
}

template <auto Field>
constexpr auto cpuset = take_number<&Stats::cpuset, Field>;

constexpr StatRow rows[] = {
    {"cpuacct", "cpuacct.usage", take_number<&Stats::cpu, &CpuStats::usage, &CpuUsage::total>},
    {"cpuacct", "cpuacct.usage_percpu",
     take_numbers<&Stats::cpu, &CpuStats::usage, &CpuUsage::percpu>},
    {"cpuacct", "cpuacct.usage_all", take_usage_all},
    {"cpuacct", "cpuacct.stat", take_cpuacct_stat},
    {"cpu", "cpu.stat", take_cpu_stat},
    {"cpuset", "cpuset.cpus", take_ranges<&Stats::cpuset, &CpusetStats::cpus>},
    {"cpuset", "cpuset.mems", take_ranges<&Stats::cpuset, &CpusetStats::mems>},
    {"cpuset", "cpuset.cpu_exclusive", cpuset<&CpusetStats::cpuExclusive>},
    {"cpuset", "cpuset.mem_hardwall", cpuset<&CpusetStats::memHardwall>},
    {"cpuset", "cpuset.mem_exclusive", cpuset<&CpusetStats::memExclusive>},
    {"cpuset", "cpuset.memory_migrate", cpuset<&CpusetStats::memoryMigrate>},
    {"cpuset", "cpuset.memory_spread_page", cpuset<&CpusetStats::memorySpreadPage>},
    {"cpuset", "cpuset.memory_spread_slab", cpuset<&CpusetStats::memorySpreadSlab>},
    {"cpuset", "cpuset.memory_pressure", cpuset<&CpusetStats::memoryPressure>},
    {"cpuset", "cpuset.sched_load_balance", cpuset<&CpusetStats::schedLoadBalance>},
    {"cpuset", "cpuset.sched_relax_domain_level", take_relax_level},
    {"memory", "memory.stat", take_v1_memory},
    {"memory", "memory.usage_in_bytes", take_memory<&MemoryStats::usage, &MemoryEntry::usage>},
    {"memory", "memory.max_usage_in_bytes", take_memory<&MemoryStats::usage, &MemoryEntry::max>},
    {"memory", "memory.failcnt", take_memory<&MemoryStats::usage, &MemoryEntry::failcnt>},
    {"memory", "memory.limit_in_bytes", take_memory<&MemoryStats::usage, &MemoryEntry::limit>},
    {"memory", "memory.memsw.usage_in_bytes", take_memory<&MemoryStats::swap, &MemoryEntry::usage>},
    {"memory", "memory.memsw.max_usage_in_bytes",
     take_memory<&MemoryStats::swap, &MemoryEntry::max>},
    {"memory", "memory.memsw.failcnt", take_memory<&MemoryStats::swap, &MemoryEntry::failcnt>},
    {"memory", "memory.memsw.limit_in_bytes", take_memory<&MemoryStats::swap, &MemoryEntry::limit>},
    {"memory", "memory.kmem.usage_in_bytes",
     take_memory<&MemoryStats::kernel, &MemoryEntry::usage>},
    {"memory", "memory.kmem.max_usage_in_bytes",
     take_memory<&MemoryStats::kernel, &MemoryEntry::max>},
    {"memory", "memory.kmem.failcnt", take_memory<&MemoryStats::kernel, &MemoryEntry::failcnt>},
    {"memory", "memory.kmem.limit_in_bytes",
     take_memory<&MemoryStats::kernel, &MemoryEntry::limit>},
    {"memory", "memory.kmem.tcp.usage_in_bytes",
     take_memory<&MemoryStats::kernelTcp, &MemoryEntry::usage>},
    {"memory", "memory.kmem.tcp.max_usage_in_bytes",
     take_memory<&MemoryStats::kernelTcp, &MemoryEntry::max>},
    {"memory", "memory.kmem.tcp.failcnt",
     take_memory<&MemoryStats::kernelTcp, &MemoryEntry::failcnt>},
    {"memory", "memory.kmem.tcp.limit_in_bytes",
     take_memory<&MemoryStats::kernelTcp, &MemoryEntry::limit>},
    {"pids", "pids.current", take_number<&Stats::pids, &PidsStats::current>},
    {"pids", "pids.max", take_pids_max},
};

// ---- blkio -------------------------------------------------------------------------------------

struct BlkioRow {
  const char* name;
  oci::BlkioEntries BlkioStats::*field;
};

constexpr BlkioRow of_a_scheduler[] = {
    {"io_service_bytes_recursive", &BlkioStats::ioServiceBytes},
    {"io_serviced_recursive", &BlkioStats::ioServiced},
    {"io_queued_recursive", &BlkioStats::ioQueued},
    {"io_service_time_recursive", &BlkioStats::ioServiceTime},
    {"io_wait_time_recursive", &BlkioStats::ioWaitTime},
    {"io_merged_recursive", &BlkioStats::ioMerged},
    {"time_recursive", &BlkioStats::ioTime},
    {"sectors_recursive", &BlkioStats::sectors},
};
constexpr BlkioRow of_the_throttle[] = {
    {"io_service_bytes_recursive", &BlkioStats::ioServiceBytes},
    {"io_serviced_recursive", &BlkioStats::ioServiced},
};
constexpr BlkioRow of_this_cgroup_alone[] = {
    {"io_service_bytes", &BlkioStats::ioServiceBytes},
    {"io_serviced", &BlkioStats::ioServiced},
};

// The first source with values is used: bfq, the schedulers before Linux 5.0, then the throttle.
struct BlkioSource {
  const char* prefix;
  std::span<const BlkioRow> rows;
};
constexpr BlkioSource blkio_sources[] = {
    {"blkio.bfq.", of_a_scheduler},
    {"blkio.", of_a_scheduler},
    {"blkio.throttle.", of_the_throttle},
    {"blkio.throttle.", of_this_cgroup_alone},
};

// "8:0 Read 1282048", or "8:0 6792" without operations. The last line is a sum.
oci::BlkioEntries blkio_entries(std::string_view text) {
  oci::BlkioEntries entries;
  for (std::string_view line : split(text, '\n')) {
    std::optional<oci::BlkioEntry> entry = take_device(line);
    if (!entry) continue;
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) entry->op = line.substr(0, space);
    entry->value = stat_number(line.substr(space == std::string_view::npos ? 0 : space + 1));
    entries.push_back(std::move(*entry));
  }
  return entries;
}

// True if it added something.
Call<bool> add_blkio(int directory, const BlkioSource& source, BlkioStats& stats) {
  bool found = false;
  for (const BlkioRow& row : source.rows) {
    const std::string file = std::string(source.prefix) + row.name;
    const std::optional<std::string> text = TRY(read_stat(directory, file.c_str()));
    if (!text) continue;
    stats.*row.field = blkio_entries(*text);
    found = found || !(stats.*row.field).empty();
  }
  return found;
}

// ---- hugetlb -----------------------------------------------------------------------------------

Call<std::uint64_t> number_of(int directory, const std::string& file) {
  return stat_number(TRY(read_stat(directory, file.c_str())).value_or(""));
}

// Reservations count too, if the kernel supports them (Linux 5.7).
Call<void> add_hugetlb(int directory, Stats& stats) {
  for (const std::string& size : TRY(hugepage_sizes(directory, ".usage_in_bytes"))) {
    std::string prefix = "hugetlb." + size;
    const bool has_reservations =
        TRY(read_stat(directory, (prefix + ".rsvd.usage_in_bytes").c_str())).has_value();
    if (has_reservations) prefix += ".rsvd";
    oci::HugetlbStats& entry = stats.hugetlb[size];
    entry.usage = TRY(number_of(directory, prefix + ".usage_in_bytes"));
    entry.max = TRY(number_of(directory, prefix + ".max_usage_in_bytes"));
    entry.failcnt = TRY(number_of(directory, prefix + ".failcnt"));
  }
  return {};
}

}  // namespace

Call<void> add_stats_v1(int directory, const std::vector<std::string>& controllers, Stats& stats) {
  TRY(take_rows(directory, rows, &controllers, stats));
  if (contains(controllers, "hugetlb")) TRY(add_hugetlb(directory, stats));
  if (!contains(controllers, "blkio")) return {};
  for (const BlkioSource& source : blkio_sources) {
    const bool found = TRY(add_blkio(directory, source, stats.blkio));
    if (found) break;
  }
  return {};
}

}  // namespace tare::cgroups
