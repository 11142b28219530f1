// SPDX-License-Identifier: Apache-2.0
#include "oci/events.h"

#include "oci/exit_fields.h"
#include "oci/json/codec.h"

namespace tare::oci {

// A number with two places, as the kernel wrote it.
template <>
void encode_value(const Average& value, Writer& writer) {
  const std::uint64_t part = value.hundredths % 100;
  const std::string text =
      std::to_string(value.hundredths / 100) + (part < 10 ? ".0" : ".") + std::to_string(part);
  writer.digits(text);
}

template <>
struct Fields<Pressure> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&Pressure::avg10>{"avg10", Presence::always},
      Field<&Pressure::avg60>{"avg60", Presence::always},
      Field<&Pressure::avg300>{"avg300", Presence::always},
      Field<&Pressure::total>{"total", Presence::always},
  };
};

template <>
struct Fields<Pressures> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&Pressures::some>{"some", Presence::always},
      Field<&Pressures::full>{"full", Presence::always},
  };
};

template <>
struct Fields<CpuUsage> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&CpuUsage::total>{"total"},
      Field<&CpuUsage::percpu>{"percpu"},
      Field<&CpuUsage::percpuKernel>{"percpu_kernel"},
      Field<&CpuUsage::percpuUser>{"percpu_user"},
      Field<&CpuUsage::kernel>{"kernel", Presence::always},
      Field<&CpuUsage::user>{"user", Presence::always},
  };
};

template <>
struct Fields<Throttling> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&Throttling::periods>{"periods"},
      Field<&Throttling::throttledPeriods>{"throttledPeriods"},
      Field<&Throttling::throttledTime>{"throttledTime"},
  };
};

template <>
struct Fields<CpuStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&CpuStats::usage>{"usage"},
      Field<&CpuStats::throttling>{"throttling"},
      Field<&CpuStats::psi>{"psi"},
  };
};

template <>
struct Fields<CpusetStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&CpusetStats::cpus>{"cpus"},
      Field<&CpusetStats::cpuExclusive>{"cpu_exclusive", Presence::always},
      Field<&CpusetStats::mems>{"mems"},
      Field<&CpusetStats::memHardwall>{"mem_hardwall", Presence::always},
      Field<&CpusetStats::memExclusive>{"mem_exclusive", Presence::always},
      Field<&CpusetStats::memoryMigrate>{"memory_migrate", Presence::always},
      Field<&CpusetStats::memorySpreadPage>{"memory_spread_page", Presence::always},
      Field<&CpusetStats::memorySpreadSlab>{"memory_spread_slab", Presence::always},
      Field<&CpusetStats::memoryPressure>{"memory_pressure", Presence::always},
      Field<&CpusetStats::schedLoadBalance>{"sched_load_balance", Presence::always},
      Field<&CpusetStats::schedRelaxDomainLevel>{"sched_relax_domain_level", Presence::always},
  };
};

template <>
struct Fields<MemoryEntry> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&MemoryEntry::limit>{"limit", Presence::always},
      Field<&MemoryEntry::usage>{"usage"},
      Field<&MemoryEntry::max>{"max"},
      Field<&MemoryEntry::failcnt>{"failcnt", Presence::always},
  };
};

template <>
struct Fields<MemoryStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&MemoryStats::cache>{"cache"},
      Field<&MemoryStats::usage>{"usage"},
      Field<&MemoryStats::swap>{"swap"},
      Field<&MemoryStats::kernel>{"kernel"},
      Field<&MemoryStats::kernelTcp>{"kernelTCP"},
      Field<&MemoryStats::raw>{"raw"},
      Field<&MemoryStats::psi>{"psi"},
  };
};

template <>
struct Fields<PidsStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&PidsStats::current>{"current"},
      Field<&PidsStats::limit>{"limit"},
  };
};

template <>
struct Fields<BlkioEntry> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&BlkioEntry::major>{"major"},
      Field<&BlkioEntry::minor>{"minor"},
      Field<&BlkioEntry::op>{"op"},
      Field<&BlkioEntry::value>{"value"},
  };
};

template <>
struct Fields<BlkioStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&BlkioStats::ioServiceBytes>{"ioServiceBytesRecursive"},
      Field<&BlkioStats::ioServiced>{"ioServicedRecursive"},
      Field<&BlkioStats::ioQueued>{"ioQueueRecursive"},
      Field<&BlkioStats::ioServiceTime>{"ioServiceTimeRecursive"},
      Field<&BlkioStats::ioWaitTime>{"ioWaitTimeRecursive"},
      Field<&BlkioStats::ioMerged>{"ioMergedRecursive"},
      Field<&BlkioStats::ioTime>{"ioTimeRecursive"},
      Field<&BlkioStats::sectors>{"sectorsRecursive"},
      Field<&BlkioStats::psi>{"psi"},
  };
};

template <>
struct Fields<HugetlbStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&HugetlbStats::usage>{"usage"},
      Field<&HugetlbStats::max>{"max"},
      Field<&HugetlbStats::failcnt>{"failcnt", Presence::always},
  };
};

template <>
struct Fields<L3CacheInfo> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&L3CacheInfo::cbmMask>{"cbm_mask"},
      Field<&L3CacheInfo::minCbmBits>{"min_cbm_bits"},
      Field<&L3CacheInfo::numClosids>{"num_closids"},
  };
};

template <>
struct Fields<MemoryBandwidthInfo> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&MemoryBandwidthInfo::bandwidthGran>{"bandwidth_gran"},
      Field<&MemoryBandwidthInfo::delayLinear>{"delay_linear"},
      Field<&MemoryBandwidthInfo::minBandwidth>{"min_bandwidth"},
      Field<&MemoryBandwidthInfo::numClosids>{"num_closids"},
  };
};

template <>
struct Fields<BandwidthOfNode> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&BandwidthOfNode::total>{"mbm_total_bytes"},
      Field<&BandwidthOfNode::local>{"mbm_local_bytes"},
  };
};

template <>
struct Fields<CacheOfNode> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&CacheOfNode::occupancy>{"llc_occupancy"},
  };
};

template <>
struct Fields<IntelRdtStats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&IntelRdtStats::l3CacheInfo>{"l3_cache_info"},
      Field<&IntelRdtStats::l3CacheSchemaRoot>{"l3_cache_schema_root"},
      Field<&IntelRdtStats::l3CacheSchema>{"l3_cache_schema"},
      Field<&IntelRdtStats::memBwInfo>{"mem_bw_info"},
      Field<&IntelRdtStats::memBwSchemaRoot>{"mem_bw_schema_root"},
      Field<&IntelRdtStats::memBwSchema>{"mem_bw_schema"},
      Field<&IntelRdtStats::mbmStats>{"mbm_stats"},
      Field<&IntelRdtStats::cmtStats>{"cmt_stats"},
  };
};

template <>
struct Fields<Stats> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&Stats::cpu>{"cpu"},
      Field<&Stats::cpuset>{"cpuset"},
      Field<&Stats::memory>{"memory"},
      Field<&Stats::pids>{"pids"},
      Field<&Stats::blkio>{"blkio"},
      Field<&Stats::hugetlb>{"hugetlb", Presence::always},
      Field<&Stats::intelRdt>{"intel_rdt"},
      Field<&Stats::networkInterfaces>{"network_interfaces", Presence::always},
  };
};

namespace {

struct Event {
  std::string type;
  std::string id;
};

struct StatsEvent : Event {
  Stats data;
};

struct ExitedEvent : Event {
  Exit data;
};

struct Count {
  std::uint64_t count = 0;
};

struct CountEvent : Event {
  Count data;
};

struct PressureEvent : Event {
  PressureTrigger data;
};

}  // namespace

template <>
struct Fields<Event> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&Event::type>{"type", Presence::always},
      Field<&Event::id>{"id", Presence::always},
  };
};

template <>
struct Fields<StatsEvent> : OnlyWritten {
  static constexpr auto table = std::tuple_cat(
      Fields<Event>::table, std::tuple{Field<&StatsEvent::data>{"data", Presence::always}});
};

template <>
struct Fields<ExitedEvent> : OnlyWritten {
  static constexpr auto table = std::tuple_cat(
      Fields<Event>::table, std::tuple{Field<&ExitedEvent::data>{"data", Presence::always}});
};

template <>
struct Fields<Count> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&Count::count>{"count", Presence::always},
  };
};

template <>
struct Fields<CountEvent> : OnlyWritten {
  static constexpr auto table = std::tuple_cat(
      Fields<Event>::table, std::tuple{Field<&CountEvent::data>{"data", Presence::always}});
};

template <>
struct Fields<PressureTrigger> : OnlyWritten {
  static constexpr std::tuple table{
      Field<&PressureTrigger::resource>{"resource", Presence::always},
      Field<&PressureTrigger::kind>{"kind", Presence::always},
      Field<&PressureTrigger::stallUsec>{"stallUsec", Presence::always},
      Field<&PressureTrigger::windowUsec>{"windowUsec", Presence::always},
  };
};

template <>
struct Fields<PressureEvent> : OnlyWritten {
  static constexpr auto table = std::tuple_cat(
      Fields<Event>::table, std::tuple{Field<&PressureEvent::data>{"data", Presence::always}});
};

std::string encode_stats_event(const std::string& id, const Stats& stats) {
  return encode_document(StatsEvent{{"stats", id}, stats}) + '\n';
}

std::string encode_exited_event(const std::string& id, const Exit& exit) {
  return encode_document(ExitedEvent{{"exited", id}, exit}) + '\n';
}

std::string encode_count_event(const char* type, const std::string& id, std::uint64_t count) {
  return encode_document(CountEvent{{type, id}, {count}}) + '\n';
}

std::string encode_pressure_event(const std::string& id, const PressureTrigger& trigger) {
  return encode_document(PressureEvent{{"psi", id}, trigger}) + '\n';
}

std::string encode_event(const char* type, const std::string& id) {
  return encode_document(Event{type, id}) + '\n';
}

}  // namespace tare::oci
