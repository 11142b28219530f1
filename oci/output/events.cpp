// SPDX-License-Identifier: Apache-2.0
#include "oci/output/events.h"

#include "oci/json/codec.h"

namespace tare::oci {

// A number with two decimals, as printed by the kernel.
template <>
void encode_value(const Average& value, Writer& writer) {
  const std::uint64_t part = value.hundredths % 100;
  const std::string text =
      std::to_string(value.hundredths / 100) + (part < 10 ? ".0" : ".") + std::to_string(part);
  writer.digits(text);
}

constexpr auto fields(Of<Pressure>) {
  return Table{
      Field<&Pressure::avg10>{"avg10", Presence::always},
      Field<&Pressure::avg60>{"avg60", Presence::always},
      Field<&Pressure::avg300>{"avg300", Presence::always},
      Field<&Pressure::total>{"total", Presence::always},
  };
}

constexpr auto fields(Of<Pressures>) {
  return Table{
      Field<&Pressures::some>{"some", Presence::always},
      Field<&Pressures::full>{"full", Presence::always},
  };
}

constexpr auto fields(Of<CpuUsage>) {
  return Table{
      Field<&CpuUsage::total>{"total"},
      Field<&CpuUsage::percpu>{"percpu"},
      Field<&CpuUsage::percpuKernel>{"percpu_kernel"},
      Field<&CpuUsage::percpuUser>{"percpu_user"},
      Field<&CpuUsage::kernel>{"kernel", Presence::always},
      Field<&CpuUsage::user>{"user", Presence::always},
  };
}

constexpr auto fields(Of<Throttling>) {
  return Table{
      Field<&Throttling::periods>{"periods"},
      Field<&Throttling::throttledPeriods>{"throttledPeriods"},
      Field<&Throttling::throttledTime>{"throttledTime"},
  };
}

constexpr auto fields(Of<CpuStats>) {
  return Table{
      Field<&CpuStats::usage>{"usage"},
      Field<&CpuStats::throttling>{"throttling"},
      Field<&CpuStats::psi>{"psi"},
  };
}

constexpr auto fields(Of<CpusetStats>) {
  return Table{
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
}

constexpr auto fields(Of<MemoryEntry>) {
  return Table{
      Field<&MemoryEntry::limit>{"limit", Presence::always},
      Field<&MemoryEntry::usage>{"usage"},
      Field<&MemoryEntry::max>{"max"},
      Field<&MemoryEntry::failcnt>{"failcnt", Presence::always},
  };
}

constexpr auto fields(Of<MemoryStats>) {
  return Table{
      Field<&MemoryStats::cache>{"cache"},
      Field<&MemoryStats::usage>{"usage"},
      Field<&MemoryStats::swap>{"swap"},
      Field<&MemoryStats::kernel>{"kernel"},
      Field<&MemoryStats::kernelTcp>{"kernelTCP"},
      Field<&MemoryStats::raw>{"raw"},
      Field<&MemoryStats::psi>{"psi"},
  };
}

constexpr auto fields(Of<PidsStats>) {
  return Table{
      Field<&PidsStats::current>{"current"},
      Field<&PidsStats::limit>{"limit"},
  };
}

constexpr auto fields(Of<BlkioEntry>) {
  return Table{
      Field<&BlkioEntry::major>{"major"},
      Field<&BlkioEntry::minor>{"minor"},
      Field<&BlkioEntry::op>{"op"},
      Field<&BlkioEntry::value>{"value"},
  };
}

constexpr auto fields(Of<BlkioStats>) {
  return Table{
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
}

constexpr auto fields(Of<HugetlbStats>) {
  return Table{
      Field<&HugetlbStats::usage>{"usage"},
      Field<&HugetlbStats::max>{"max"},
      Field<&HugetlbStats::failcnt>{"failcnt", Presence::always},
  };
}

constexpr auto fields(Of<L3CacheInfo>) {
  return Table{
      Field<&L3CacheInfo::cbmMask>{"cbm_mask"},
      Field<&L3CacheInfo::minCbmBits>{"min_cbm_bits"},
      Field<&L3CacheInfo::numClosids>{"num_closids"},
  };
}

constexpr auto fields(Of<MemoryBandwidthInfo>) {
  return Table{
      Field<&MemoryBandwidthInfo::bandwidthGran>{"bandwidth_gran"},
      Field<&MemoryBandwidthInfo::delayLinear>{"delay_linear"},
      Field<&MemoryBandwidthInfo::minBandwidth>{"min_bandwidth"},
      Field<&MemoryBandwidthInfo::numClosids>{"num_closids"},
  };
}

constexpr auto fields(Of<BandwidthOfNode>) {
  return Table{
      Field<&BandwidthOfNode::total>{"mbm_total_bytes"},
      Field<&BandwidthOfNode::local>{"mbm_local_bytes"},
  };
}

constexpr auto fields(Of<CacheOfNode>) {
  return Table{
      Field<&CacheOfNode::occupancy>{"llc_occupancy"},
  };
}

constexpr auto fields(Of<IntelRdtStats>) {
  return Table{
      Field<&IntelRdtStats::l3CacheInfo>{"l3_cache_info"},
      Field<&IntelRdtStats::l3CacheSchemaRoot>{"l3_cache_schema_root"},
      Field<&IntelRdtStats::l3CacheSchema>{"l3_cache_schema"},
      Field<&IntelRdtStats::memBwInfo>{"mem_bw_info"},
      Field<&IntelRdtStats::memBwSchemaRoot>{"mem_bw_schema_root"},
      Field<&IntelRdtStats::memBwSchema>{"mem_bw_schema"},
      Field<&IntelRdtStats::mbmStats>{"mbm_stats"},
      Field<&IntelRdtStats::cmtStats>{"cmt_stats"},
  };
}

constexpr auto fields(Of<Stats>) {
  return Table{
      Field<&Stats::cpu>{"cpu"},
      Field<&Stats::cpuset>{"cpuset"},
      Field<&Stats::memory>{"memory"},
      Field<&Stats::pids>{"pids"},
      Field<&Stats::blkio>{"blkio"},
      Field<&Stats::hugetlb>{"hugetlb", Presence::always},
      Field<&Stats::intelRdt>{"intel_rdt"},
      Field<&Stats::networkInterfaces>{"network_interfaces", Presence::always},
  };
}

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

constexpr auto fields(Of<Event>) {
  return Table{
      Field<&Event::type>{"type", Presence::always},
      Field<&Event::id>{"id", Presence::always},
  };
}

constexpr auto fields(Of<StatsEvent>) {
  return joined(fields(Of<Event>{}), Table{Field<&StatsEvent::data>{"data", Presence::always}});
}

constexpr auto fields(Of<ExitedEvent>) {
  return joined(fields(Of<Event>{}), Table{Field<&ExitedEvent::data>{"data", Presence::always}});
}

constexpr auto fields(Of<Count>) {
  return Table{
      Field<&Count::count>{"count", Presence::always},
  };
}

constexpr auto fields(Of<CountEvent>) {
  return joined(fields(Of<Event>{}), Table{Field<&CountEvent::data>{"data", Presence::always}});
}

constexpr auto fields(Of<PressureTrigger>) {
  return Table{
      Field<&PressureTrigger::resource>{"resource", Presence::always},
      Field<&PressureTrigger::kind>{"kind", Presence::always},
      Field<&PressureTrigger::stallUsec>{"stallUsec", Presence::always},
      Field<&PressureTrigger::windowUsec>{"windowUsec", Presence::always},
  };
}

constexpr auto fields(Of<PressureEvent>) {
  return joined(fields(Of<Event>{}), Table{Field<&PressureEvent::data>{"data", Presence::always}});
}

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
