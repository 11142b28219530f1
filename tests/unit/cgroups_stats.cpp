// SPDX-License-Identifier: Apache-2.0
#include "cgroups/stats/stats.h"

#include <limits>

#include "cgroups/stats/stat_text.h"
#include "oci/output/events.h"
#include "tests/unit/scratch.h"

namespace tare::cgroups {

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

oci::Stats stats_v1(const Scratch& tree, const std::vector<std::string>& controllers) {
  oci::Stats stats;
  REQUIRE(add_stats_v1(tree.fd(), controllers, stats).ok());
  return stats;
}

oci::Stats stats_v2(const Scratch& tree) {
  oci::Stats stats;
  REQUIRE(add_stats_v2(tree.fd(), stats).ok());
  return stats;
}

}  // namespace

TEST_CASE("v1: processor time in nanoseconds, as Linux 6.18 writes it") {
  const Scratch tree;
  tree.file("cpuacct.usage", "12338496\n");
  tree.file("cpuacct.usage_percpu", "2392005 9946491 \n");
  tree.file("cpuacct.usage_all", "cpu user system\n0 1000 4000000\n1 2000 8000000\n");
  tree.file("cpuacct.stat", "user 3\nsystem 1\n");
  tree.file("cpu.stat", "nr_periods 7\nnr_throttled 2\nthrottled_time 500\nwait_sum 9\n");
  const oci::CpuStats cpu = stats_v1(tree, {"cpu", "cpuacct"}).cpu;
  CHECK(cpu.usage.total == 12338496);
  CHECK(cpu.usage.percpu == std::vector<std::uint64_t>{2392005, 9946491});
  CHECK(cpu.usage.percpuUser == std::vector<std::uint64_t>{1000, 2000});
  CHECK(cpu.usage.percpuKernel == std::vector<std::uint64_t>{4000000, 8000000});
  CHECK(cpu.usage.user == 30'000'000);
  CHECK(cpu.usage.kernel == 10'000'000);
  CHECK(cpu.throttling.periods == 7);
  CHECK(cpu.throttling.throttledPeriods == 2);
  CHECK(cpu.throttling.throttledTime == 500);
}

TEST_CASE("v1: files of a controller that lives elsewhere are not read") {
  const Scratch tree;
  tree.file("cpuacct.usage", "5\n");
  tree.file("pids.current", "6\n");
  const oci::Stats stats = stats_v1(tree, {"pids"});
  CHECK(stats.cpu.usage.total == 0);
  CHECK(stats.pids.current == 6);
}

TEST_CASE("v1: cpusets") {
  const Scratch tree;
  tree.file("cpuset.cpus", "0-2,7\n");
  tree.file("cpuset.mems", "0\n");
  tree.file("cpuset.sched_relax_domain_level", "-1\n");
  tree.file("cpuset.sched_load_balance", "1\n");
  const oci::CpusetStats cpuset = stats_v1(tree, {"cpuset"}).cpuset;
  CHECK(cpuset.cpus == std::vector<std::uint16_t>{0, 1, 2, 7});
  CHECK(cpuset.mems == std::vector<std::uint16_t>{0});
  CHECK(cpuset.schedRelaxDomainLevel == -1);
  CHECK(cpuset.schedLoadBalance == 1);
}

TEST_CASE("v1: memory, each counter from its own file") {
  const Scratch tree;
  std::uint64_t value = 0;
  for (const char* kind : {"memory", "memory.memsw", "memory.kmem", "memory.kmem.tcp"}) {
    for (const char* file :
         {".usage_in_bytes", ".max_usage_in_bytes", ".failcnt", ".limit_in_bytes"}) {
      tree.file(std::string(kind) + file, std::to_string(++value) + "\n");
    }
  }
  tree.file("memory.stat", "cache 4096\nrss 8192\n");
  const oci::MemoryStats memory = stats_v1(tree, {"memory"}).memory;
  std::uint64_t expected = 0;
  for (const oci::MemoryEntry* entry :
       {&memory.usage, &memory.swap, &memory.kernel, &memory.kernelTcp}) {
    CHECK(entry->usage == ++expected);
    CHECK(entry->max == ++expected);
    CHECK(entry->failcnt == ++expected);
    CHECK(entry->limit == ++expected);
  }
  CHECK(memory.cache == 4096);
  CHECK(memory.raw.at("rss") == 8192);
}

TEST_CASE("v1: block devices, from who has counted something") {
  const Scratch tree;
  tree.file("blkio.bfq.io_service_bytes_recursive", "Total 0\n");
  tree.file("blkio.throttle.io_service_bytes_recursive",
            "8:0 Read 1282048\n8:0 Write 2195456\n8:0 Total 3477504\nTotal 3477504\n");
  tree.file("blkio.throttle.io_serviced_recursive", "8:16 7\nTotal 7\n");
  const oci::BlkioStats blkio = stats_v1(tree, {"blkio"}).blkio;
  REQUIRE(blkio.ioServiceBytes.size() == 3);
  CHECK(blkio.ioServiceBytes[1].op == "Write");
  CHECK(blkio.ioServiceBytes[1].value == 2195456);
  REQUIRE(blkio.ioServiced.size() == 1);
  CHECK(blkio.ioServiced[0].major == 8);
  CHECK(blkio.ioServiced[0].minor == 16);
  CHECK(blkio.ioServiced[0].op.empty());
  CHECK(blkio.ioServiced[0].value == 7);
}

TEST_CASE("v1: huge pages, reservations where the kernel knows them") {
  const Scratch tree;
  tree.file("hugetlb.1GB.usage_in_bytes", "1\n");
  tree.file("hugetlb.2MB.usage_in_bytes", "2\n");
  tree.file("hugetlb.2MB.rsvd.usage_in_bytes", "4194304\n");
  tree.file("hugetlb.2MB.rsvd.max_usage_in_bytes", "6291456\n");
  tree.file("hugetlb.2MB.rsvd.failcnt", "3\n");
  const auto hugetlb = stats_v1(tree, {"hugetlb"}).hugetlb;
  REQUIRE(hugetlb.size() == 2);
  CHECK(hugetlb.at("1GB").usage == 1);
  CHECK(hugetlb.at("2MB").usage == 4194304);
  CHECK(hugetlb.at("2MB").max == 6291456);
  CHECK(hugetlb.at("2MB").failcnt == 3);
}

TEST_CASE("v2: in the terms of v1") {
  const Scratch tree;
  tree.file("cpu.stat",
            "usage_usec 12\nuser_usec 5\nsystem_usec 7\nnr_periods 3\nnr_throttled 1\n"
            "throttled_usec 9\n");
  tree.file("cpu.pressure",
            "some avg10=1.05 avg60=12.34 avg300=0.00 total=77\nfull avg10=0.00 avg60=0.00 "
            "avg300=0.00 total=0\n");
  tree.file("memory.stat", "anon 1\nfile 8192\n");
  tree.file("memory.current", "1000\n");
  tree.file("memory.peak", "3000\n");
  tree.file("memory.max", "5000\n");
  tree.file("memory.swap.current", "10\n");
  tree.file("memory.swap.max", "20\n");
  tree.file("pids.current", "4\n");
  tree.file("pids.max", "max\n");
  tree.file("cgroup.procs", "10\n11\n");
  tree.file("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
  tree.file("hugetlb.2MB.current", "5\n");
  tree.file("hugetlb.2MB.rsvd.current", "6\n");
  tree.file("hugetlb.2MB.events", "max 8\n");
  const oci::Stats stats = stats_v2(tree);
  CHECK(stats.cpu.usage.total == 12000);
  CHECK(stats.cpu.usage.user == 5000);
  CHECK(stats.cpu.usage.kernel == 7000);
  CHECK(stats.cpu.throttling.periods == 3);
  CHECK(stats.cpu.throttling.throttledPeriods == 1);
  CHECK(stats.cpu.throttling.throttledTime == 9000);
  REQUIRE(stats.cpu.psi.has_value());
  CHECK(stats.cpu.psi->some.avg10.hundredths == 105);
  CHECK(stats.cpu.psi->some.avg60.hundredths == 1234);
  CHECK(stats.cpu.psi->some.total == 77);
  CHECK_FALSE(stats.memory.psi.has_value());
  CHECK(stats.memory.cache == 8192);
  CHECK(stats.memory.usage.usage == 1000);
  CHECK(stats.memory.usage.max == 3000);
  CHECK(stats.memory.usage.limit == 5000);
  CHECK(stats.memory.swap.usage == 1010);
  CHECK(stats.memory.swap.limit == 5020);
  CHECK(stats.pids.current == 4);
  CHECK(stats.pids.limit == 0);
  REQUIRE(stats.blkio.ioServiceBytes.size() == 2);
  CHECK(stats.blkio.ioServiceBytes[0].op == "Read");
  CHECK(stats.blkio.ioServiceBytes[1].value == 2);
  CHECK(stats.blkio.ioServiced[1].value == 4);
  CHECK(stats.hugetlb.at("2MB").usage == 6);
  CHECK(stats.hugetlb.at("2MB").failcnt == 8);
}

TEST_CASE("v2: without a limit it is the highest number, and no sum wraps around") {
  const Scratch tree;
  tree.file("memory.max", "max\n");
  tree.file("memory.swap.current", "4096\n");
  tree.file("memory.swap.max", "4096\n");
  const oci::MemoryStats memory = stats_v2(tree).memory;
  CHECK(memory.usage.limit == no_limit);
  CHECK(memory.swap.limit == no_limit);
}

TEST_CASE("v2: without swap accounting nothing is told of swap") {
  const Scratch tree;
  tree.file("memory.current", "1000\n");
  tree.file("memory.max", "5000\n");
  const oci::MemoryStats memory = stats_v2(tree).memory;
  CHECK(memory.swap.usage == 0);
  CHECK(memory.swap.limit == 0);
}

TEST_CASE("v2: without the pids controller the processes are counted") {
  const Scratch tree;
  tree.file("cgroup.procs", "10\n11\n12\n");
  CHECK(stats_v2(tree).pids.current == 3);
}

TEST_CASE("an empty directory has empty statistics") {
  const Scratch tree;
  CHECK(oci::encode_stats_event("a", stats_v2(tree)) ==
        R"({"type":"stats","id":"a","data":{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},)"
        R"("cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,)"
        R"("memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,)"
        R"("sched_load_balance":0,"sched_relax_domain_level":0},)"
        R"("memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},)"
        R"("kernel":{"limit":0,"failcnt":0},"kernelTCP":{"limit":0,"failcnt":0}},"pids":{},)"
        R"("blkio":{},"hugetlb":{},"intel_rdt":{},"network_interfaces":null}})"
        "\n");
}

TEST_CASE("numbers that are none count as nothing, and a number below zero as zero") {
  for (const char* text : {"", "\n", "-1\n", "x", "1x", "1 2", "0x10", "1e9", "+1",
                           "18446744073709551616", "\xff", "maximum"}) {
    CAPTURE(text);
    CHECK(stat_number(text) == 0);
  }
  CHECK(stat_number("18446744073709551615\n") == no_limit);
  CHECK(stat_number("max\n") == no_limit);
}

TEST_CASE("ranges that are none are left out") {
  using List = std::vector<std::uint16_t>;
  CHECK(stat_ranges("").empty());
  CHECK(stat_ranges("\n").empty());
  CHECK(stat_ranges("3-1").empty());
  CHECK(stat_ranges("-1,2") == List{2});
  CHECK(stat_ranges("1-,-2,1-2-3,x,5") == List{5});
  CHECK(stat_ranges("65536,0-65536,4") == List{4});
  CHECK(stat_ranges("65534-65535") == List{65534, 65535});
}

TEST_CASE("odd lines of keys, devices and pressure are passed over") {
  const auto keys = stat_keys("a 1\n\nb\n 5\nc \nd 2 3\ne -7\na 9\n");
  CHECK(keys == std::map<std::string, std::uint64_t>{{"a", 9}, {"d", 0}, {"e", 0}});

  const Scratch tree;
  tree.file("io.stat", "8:0 rbytes\nx:0 rbytes=1\n8 rbytes=1\n8:0 rbytes=x wbytes= =5\n\n:\n");
  const oci::BlkioStats blkio = stats_v2(tree).blkio;
  REQUIRE(blkio.ioServiceBytes.size() == 2);
  CHECK(blkio.ioServiceBytes[0].value == 0);

  const oci::Pressures odd = stat_pressures(
      "some\nfull avg10=1 avg60=1.5 avg300=1.234 total=x extra ==\nother avg10=1.00");
  CHECK(odd.full.avg10.hundredths == 0);
  CHECK(odd.full.avg60.hundredths == 0);
  CHECK(odd.full.avg300.hundredths == 0);
  CHECK(odd.full.total == 0);
}

TEST_CASE("a unit that is too small for a number is at the limit") {
  const Scratch tree;
  tree.file("cpu.stat", "usage_usec 18446744073709551615\n");
  CHECK(stats_v2(tree).cpu.usage.total == no_limit);
}

TEST_CASE("a file that cannot be read is an error") {
  const Scratch tree;
  tree.directory("memory.stat");
  oci::Stats stats;
  CHECK(add_stats_v2(tree.fd(), stats).error().error == EISDIR);
}

}  // namespace tare::cgroups
