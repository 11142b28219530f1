// SPDX-License-Identifier: Apache-2.0
#include "cgroups/limits/writes.h"

#include <doctest/doctest.h>

#include "cgroups/limits/conversion.h"
#include "oci/validate.h"

namespace tare::cgroups {

namespace {

using oci::Resources;

const std::vector<Directory>& v1_host() {
  static const std::vector<Directory> host{{1, "/cg/cpu", "/c", {"cpu"}},
                                           {1, "/cg/cpuset", "/c", {"cpuset"}},
                                           {1, "/cg/memory", "/c", {"memory"}},
                                           {1, "/cg/pids", "/c", {"pids"}},
                                           {1, "/cg/blkio", "/c", {"blkio"}},
                                           {1, "/cg/hugetlb", "/c", {"hugetlb"}},
                                           {1, "/cg/net", "/c", {"net_cls", "net_prio"}},
                                           {1, "/cg/rdma", "/c", {"rdma"}}};
  return host;
}

const std::vector<Directory>& v2_host() {
  static const std::vector<Directory> host{
      {2, "/cg", "/c", {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma"}}};
  return host;
}

// "file=value", one a line, in order.
std::string text(const Result<std::vector<Write>>& list) {
  REQUIRE_MESSAGE(list.ok(), list.error().message());
  std::string lines;
  for (const Write& write : *list) lines += write.file + "=" + write.value + "\n";
  return lines;
}

std::string on_v1(const Resources& resources) {
  return text(writes(resources, v1_host()));
}
std::string on_v2(const Resources& resources) {
  return text(writes(resources, v2_host()));
}

Error error_of(const Resources& resources, const std::vector<Directory>& host) {
  auto list = writes(resources, host);
  REQUIRE_FALSE(list.ok());
  return std::move(list).error();
}

Resources with_memory(oci::Memory memory) {
  Resources resources;
  resources.memory = memory;
  return resources;
}
Resources with_cpu(oci::CPU cpu) {
  Resources resources;
  resources.cpu = std::move(cpu);
  return resources;
}
Resources with_io(oci::BlockIO io) {
  Resources resources;
  resources.blockIO = std::move(io);
  return resources;
}

}  // namespace

TEST_CASE("cpu.shares and cpu.weight meet at both ends and at the defaults") {
  CHECK(weight_of_shares(1) == 1);
  CHECK(weight_of_shares(2) == 1);
  CHECK(weight_of_shares(1024) == 100);
  CHECK(weight_of_shares(262144) == 10000);
  CHECK(weight_of_shares(1000000) == 10000);
  for (std::uint64_t shares = 3; shares < 262144; ++shares) {
    REQUIRE(weight_of_shares(shares) >= weight_of_shares(shares - 1));
    REQUIRE(weight_of_shares(shares) <= 10000);
  }
}

TEST_CASE("blkio.weight and io.weight meet at both ends") {
  CHECK(io_weight_of_blkio_weight(10) == 1);
  CHECK(io_weight_of_blkio_weight(500) == 4950);
  CHECK(io_weight_of_blkio_weight(1000) == 10000);
}

TEST_CASE("without limits nothing is written") {
  CHECK(on_v1({}).empty());
  CHECK(on_v2({}).empty());
  Resources empty_sections;
  empty_sections.memory.emplace();
  empty_sections.cpu.emplace();
  empty_sections.blockIO.emplace();
  empty_sections.pids.emplace();
  empty_sections.network.emplace();
  CHECK(on_v1(empty_sections).empty());
  CHECK(on_v2(empty_sections).empty());
  CHECK(text(writes(empty_sections, {})).empty());
}

TEST_CASE("memory limits are v1's own numbers, and v2's max and swap alone") {
  oci::Memory memory;
  memory.limit = 1000;
  memory.swap = 1500;
  memory.reservation = 800;
  CHECK(on_v1(with_memory(memory)) ==
        "memory.limit_in_bytes=1000\nmemory.memsw.limit_in_bytes=1500\n"
        "memory.soft_limit_in_bytes=800\n");
  CHECK(on_v2(with_memory(memory)) == "memory.max=1000\nmemory.swap.max=500\nmemory.low=800\n");

  memory.swap = 1000;
  CHECK(on_v2(with_memory(memory)) == "memory.max=1000\nmemory.swap.max=0\nmemory.low=800\n");
}

TEST_CASE("-1 is no limit, and no memory limit means no swap limit") {
  oci::Memory memory;
  memory.limit = -1;
  CHECK(on_v1(with_memory(memory)) == "memory.limit_in_bytes=-1\nmemory.memsw.limit_in_bytes=-1\n");
  CHECK(on_v2(with_memory(memory)) == "memory.max=max\nmemory.swap.max=max\n");
  memory.limit = 1000;
  memory.swap = -1;
  CHECK(on_v2(with_memory(memory)) == "memory.max=1000\nmemory.swap.max=max\n");
}

TEST_CASE("zero is how callers leave a memory limit unset") {
  oci::Memory memory;
  memory.limit = 0;
  memory.swap = 0;
  memory.reservation = 0;
  CHECK(on_v1(with_memory(memory)).empty());
  CHECK(on_v2(with_memory(memory)).empty());
}

TEST_CASE("swap that v2 cannot express is an error at memory.swap") {
  oci::Memory memory;
  memory.swap = 1000;
  const Error alone = error_of(with_memory(memory), v2_host());
  CHECK(alone.at == "/linux/resources/memory/swap");
  CHECK(alone.what == "unable to set swap limit without memory limit");
  memory.limit = 2000;
  CHECK(error_of(with_memory(memory), v2_host()).at == "/linux/resources/memory/swap");
  memory.limit = -1;
  CHECK(error_of(with_memory(memory), v2_host()).at == "/linux/resources/memory/swap");
}

TEST_CASE("a host without swap accounting is fine where nothing is to be limited") {
  oci::Memory memory;
  memory.limit = 1000;
  memory.swap = 1000;
  CHECK((*writes(with_memory(memory), v2_host()))[1].on_missing == Write::OnMissing::ignore);
  memory.swap = 1500;
  CHECK((*writes(with_memory(memory), v2_host()))[1].on_missing == Write::OnMissing::fail);
  memory.swap = -1;
  CHECK((*writes(with_memory(memory), v2_host()))[1].on_missing == Write::OnMissing::ignore);
}

TEST_CASE("swappiness is 0 to 100 on v1 and has no equivalent on v2") {
  oci::Memory memory;
  memory.swappiness = 0;
  CHECK(on_v1(with_memory(memory)) == "memory.swappiness=0\n");
  CHECK(error_of(with_memory(memory), v2_host()).kind == Error::Kind::unsupported);
  memory.swappiness = 101;
  CHECK(oci::validate(with_memory(memory)).error().at == "/memory/swappiness");
}

TEST_CASE("the OOM killer can be disabled on v1 only; leaving it on is always possible") {
  oci::Memory memory;
  memory.disableOOMKiller = true;
  CHECK(on_v1(with_memory(memory)) == "memory.oom_control=1\n");
  CHECK(error_of(with_memory(memory), v2_host()).at == "/linux/resources/memory/disableOOMKiller");
  memory.disableOOMKiller = false;
  CHECK(on_v1(with_memory(memory)) == "memory.oom_control=0\n");
  CHECK(on_v2(with_memory(memory)).empty());
  CHECK(text(writes(with_memory(memory), {})).empty());
}

TEST_CASE("checkBeforeUpdate compares with the usage on v2, as v1's kernel does by itself") {
  oci::Memory memory;
  memory.limit = 1000;
  memory.swap = 1500;
  memory.checkBeforeUpdate = true;
  const auto on_two = writes(with_memory(memory), v2_host());
  CHECK((*on_two)[0].usage_file == "memory.current");
  CHECK((*on_two)[1].usage_file == "memory.swap.current");
  const auto on_one = writes(with_memory(memory), v1_host());
  CHECK((*on_one)[0].usage_file.empty());
  memory.limit = -1;
  memory.swap.reset();
  CHECK((*writes(with_memory(memory), v2_host()))[0].usage_file.empty());
}

TEST_CASE("kernel memory limits are set where v1 still has them, and never needed") {
  oci::Memory memory;
  memory.kernel = 1000;
  memory.kernelTCP = 2000;
  const auto list = writes(with_memory(memory), v1_host());
  CHECK(text(list) == "memory.kmem.limit_in_bytes=1000\nmemory.kmem.tcp.limit_in_bytes=2000\n");
  for (const Write& write : *list) CHECK(write.on_missing == Write::OnMissing::ignore);
  CHECK(on_v2(with_memory(memory)).empty());
}

TEST_CASE("cpu limits of v1 are files of their own, of v2 one file for quota and period") {
  oci::CPU cpu;
  cpu.shares = 1024;
  cpu.quota = 50000;
  cpu.period = 200000;
  cpu.burst = 1000;
  cpu.cpus = "0-1";
  cpu.mems = "0";
  cpu.idle = 0;
  CHECK(on_v1(with_cpu(cpu)) ==
        "cpuset.cpus=0-1\ncpuset.mems=0\ncpu.shares=1024\ncpu.cfs_period_us=200000\n"
        "cpu.cfs_quota_us=50000\ncpu.cfs_burst_us=1000\ncpu.idle=0\n");
  CHECK(on_v2(with_cpu(cpu)) ==
        "cpuset.cpus=0-1\ncpuset.mems=0\ncpu.weight=100\ncpu.max=50000 200000\n"
        "cpu.max.burst=1000\ncpu.idle=0\n");
}

TEST_CASE("shares are written as the kernel takes them") {
  oci::CPU cpu;
  for (const auto& [given, written] :
       {std::pair<std::uint64_t, const char*>{1, "2"}, {2, "2"}, {1000000, "262144"}}) {
    cpu.shares = given;
    CHECK(on_v1(with_cpu(cpu)) == std::string("cpu.shares=") + written + "\n");
  }
  cpu.shares = 0;
  CHECK(on_v1(with_cpu(cpu)) == "");
}

TEST_CASE("cpu.max takes a quota alone, and a period with no limit") {
  oci::CPU cpu;
  cpu.quota = 50000;
  CHECK(on_v2(with_cpu(cpu)) == "cpu.max=50000\n");
  cpu.quota = -1;
  cpu.period = 1000;
  CHECK(on_v2(with_cpu(cpu)) == "cpu.max=max 1000\n");
  cpu.quota.reset();
  CHECK(on_v2(with_cpu(cpu)) == "cpu.max=max 1000\n");
  cpu.quota = 0;
  cpu.period = 0;
  cpu.shares = 0;
  CHECK(on_v2(with_cpu(cpu)).empty());
  CHECK(on_v1(with_cpu(cpu)).empty());
}

TEST_CASE("an idle cgroup has no shares to set") {
  oci::CPU cpu;
  cpu.shares = 512;
  cpu.idle = 1;
  CHECK(on_v1(with_cpu(cpu)) == "cpu.idle=1\n");
  CHECK(on_v2(with_cpu(cpu)) == "cpu.idle=1\n");
}

TEST_CASE("realtime scheduling is v1's, from the parents down") {
  oci::CPU cpu;
  cpu.realtimePeriod = 1000000;
  cpu.realtimeRuntime = 5000;
  const auto list = writes(with_cpu(cpu), v1_host());
  CHECK(text(list) == "cpu.rt_period_us=1000000\ncpu.rt_runtime_us=5000\n");
  CHECK((*list)[1].parents_first);
  const Error error = error_of(with_cpu(cpu), v2_host());
  CHECK(error.kind == Error::Kind::unsupported);
  CHECK(error.at == "/linux/resources/cpu/realtimePeriod");
  cpu.realtimePeriod = 0;
  cpu.realtimeRuntime = 0;
  CHECK(on_v2(with_cpu(cpu)).empty());
}

TEST_CASE("pids.limit 0 is a limit, -1 is none") {
  Resources resources;
  resources.pids = oci::Pids{0};
  CHECK(on_v1(resources) == "pids.max=0\n");
  CHECK(on_v2(resources) == "pids.max=0\n");
  CHECK(error_of(resources, {}).at == "/linux/resources/pids/limit");
  resources.pids = oci::Pids{-1};
  CHECK(on_v2(resources) == "pids.max=max\n");
  CHECK(text(writes(resources, {})).empty());
}

TEST_CASE("an I/O weight goes to BFQ's file, or to the generic one converted") {
  oci::BlockIO io;
  io.weight = 500;
  const auto on_one = writes(with_io(io), v1_host());
  CHECK(text(on_one) == "blkio.bfq.weight=500\n");
  CHECK((*on_one)[0].fallback->file == "blkio.weight");
  CHECK((*on_one)[0].fallback->value == "500");
  const auto on_two = writes(with_io(io), v2_host());
  CHECK(text(on_two) == "io.bfq.weight=500\n");
  CHECK((*on_two)[0].fallback->file == "io.weight");
  CHECK((*on_two)[0].fallback->value == "4950");
  io.weight = 9;
  CHECK(error_of(with_io(io), v2_host()).at == "/linux/resources/blockIO/weight");
}

TEST_CASE("device weights are lines, each with its place in config.json") {
  oci::BlockIO io;
  io.weightDevice = {{8, 0, 300, std::nullopt}, {8, 16, 400, 200}};
  const auto list = writes(with_io(io), v1_host());
  CHECK(text(list) ==
        "blkio.bfq.weight_device=8:0 300\nblkio.bfq.weight_device=8:16 400\n"
        "blkio.leaf_weight_device=8:16 200\n");
  CHECK((*list)[2].origin == "/linux/resources/blockIO/weightDevice/1");
  CHECK(error_of(with_io(io), v2_host()).at == "/linux/resources/blockIO/weightDevice/1");
  io.weightDevice.pop_back();
  CHECK(on_v2(with_io(io)) == "io.bfq.weight=8:0 300\n");
  io.weightDevice = {{8, 0, std::nullopt, std::nullopt}};
  CHECK(error_of(with_io(io), v1_host()).at == "/linux/resources/blockIO/weightDevice/0");
  CHECK(error_of(with_io(io), v2_host()).at == "/linux/resources/blockIO/weightDevice/0");
}

TEST_CASE("throttles are lines, and rate 0 takes a limit away") {
  oci::BlockIO io;
  io.throttleReadBpsDevice = {{8, 0, 600}};
  io.throttleWriteBpsDevice = {{8, 0, 0}};
  io.throttleReadIOPSDevice = {{8, 1, 7}};
  io.throttleWriteIOPSDevice = {{8, 2, 9}};
  CHECK(on_v1(with_io(io)) ==
        "blkio.throttle.read_bps_device=8:0 600\nblkio.throttle.write_bps_device=8:0 0\n"
        "blkio.throttle.read_iops_device=8:1 7\nblkio.throttle.write_iops_device=8:2 9\n");
  CHECK(on_v2(with_io(io)) ==
        "io.max=8:0 rbps=600\nio.max=8:0 wbps=max\nio.max=8:1 riops=7\nio.max=8:2 wiops=9\n");
}

TEST_CASE("huge pages are limited when reserved, on old kernels when used") {
  Resources resources;
  resources.hugepageLimits = {{"2MB", 4194304}, {"1GB", 0}};
  const auto on_one = writes(resources, v1_host());
  CHECK(text(on_one) ==
        "hugetlb.2MB.rsvd.limit_in_bytes=4194304\nhugetlb.1GB.rsvd.limit_in_bytes=0\n");
  CHECK((*on_one)[0].fallback->file == "hugetlb.2MB.limit_in_bytes");
  const auto on_two = writes(resources, v2_host());
  CHECK(text(on_two) == "hugetlb.2MB.rsvd.max=4194304\nhugetlb.1GB.rsvd.max=0\n");
  CHECK((*on_two)[0].fallback->file == "hugetlb.2MB.max");
}

TEST_CASE("a page size that is not one never becomes a file name") {
  Resources resources;
  for (const char* size : {"", "MB", "2mB", "2M", "02MB", "2.5MB", "../2MB", "2 MB", "2TB"}) {
    resources.hugepageLimits = {{size, 1}};
    CHECK(error_of(resources, v2_host()).at == "/linux/resources/hugepageLimits/0/pageSize");
  }
}

TEST_CASE("network classes and priorities are v1's; zero asks for nothing") {
  Resources resources;
  resources.network.emplace();
  resources.network->classID = 0x100001;
  resources.network->priorities = {{"eth0", 5}};
  CHECK(on_v1(resources) == "net_cls.classid=1048577\nnet_prio.ifpriomap=eth0 5\n");
  const Error error = error_of(resources, v2_host());
  CHECK(error.kind == Error::Kind::unsupported);
  CHECK(error.at == "/linux/resources/network/classID");
  CHECK(error.what == "controller \"net_cls\" not available");
  resources.network->classID = 0;
  CHECK(error_of(resources, v2_host()).at == "/linux/resources/network/priorities/0");
  resources.network->priorities.clear();
  CHECK(on_v2(resources).empty());
}

TEST_CASE("RDMA limits are one line for a device, with at least one limit") {
  Resources resources;
  resources.rdma["mlx5_1"] = {3, 10000};
  resources.rdma["rxe3"] = {std::nullopt, 1000};
  const std::string expected =
      "rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma.max=rxe3 hca_object=1000\n";
  CHECK(on_v1(resources) == expected);
  CHECK(on_v2(resources) == expected);
  resources.rdma["rxe3"] = {};
  CHECK(error_of(resources, v2_host()).at == "/linux/resources/rdma/rxe3");
  resources.rdma = {{"two words", {1, 1}}};
  CHECK(error_of(resources, v1_host()).kind == Error::Kind::config);
}

TEST_CASE("unified files are written last, line by line") {
  Resources resources = with_memory([] {
    oci::Memory memory;
    memory.limit = 1000;
    return memory;
  }());
  resources.unified = {
      {"memory.max", "2000"}, {"io.max", "8:0 rbps=1\n8:16 wiops=2\n"}, {"cgroup.max.depth", "3"}};
  const auto list = writes(resources, v2_host());
  CHECK(text(list) ==
        "memory.max=1000\ncgroup.max.depth=3\nio.max=8:0 rbps=1\nio.max=8:16 wiops=2\n"
        "memory.max=2000\n");
  CHECK(list->back().origin == "/linux/resources/unified/memory.max");
}

TEST_CASE("unified needs v2 and the controller in it") {
  Resources resources;
  resources.unified = {{"memory.high", "1"}};
  CHECK(error_of(resources, v1_host()).what == "controller \"memory\" not available");
  resources.unified = {{"misc.max", "x 1"}};
  const Error error = error_of(resources, v2_host());
  CHECK(error.what == "controller \"misc\" not available");
  CHECK(error.at == "/linux/resources/unified/misc.max");
  resources.unified = {{"cgroup.max.depth", "1"}};
  CHECK(error_of(resources, v1_host()).what == "controller \"cgroup\" not available");
}

TEST_CASE("a unified key is a file name and nothing else") {
  Resources resources;
  for (const char* key : {"", "../memory.max", "memory/max", ".", "..", "/memory.max"}) {
    resources.unified = {{key, "1"}};
    CHECK(error_of(resources, v2_host()).kind == Error::Kind::config);
  }
}

TEST_CASE("a hybrid host takes each controller from where it lives") {
  const std::vector<Directory> host{{1, "/cg/memory", "/c", {"memory"}},
                                    {2, "/cg/unified", "/c", {"hugetlb", "pids"}}};
  Resources resources = with_memory([] {
    oci::Memory memory;
    memory.limit = 4096;
    return memory;
  }());
  resources.pids = oci::Pids{10};
  resources.hugepageLimits = {{"2MB", 0}};
  const auto list = writes(resources, host);
  CHECK(text(list) == "memory.limit_in_bytes=4096\npids.max=10\nhugetlb.2MB.rsvd.max=0\n");
  CHECK((*list)[0].directory == 0);
  CHECK((*list)[1].directory == 1);
  resources.cpu = oci::CPU{};
  resources.cpu->shares = 2;
  const Error error = error_of(resources, host);
  CHECK(error.at == "/linux/resources/cpu/shares");
  CHECK(error.what == "controller \"cpu\" not available");
}

TEST_CASE("a missing controller is named as its version names it") {
  oci::BlockIO io;
  io.weight = 100;
  CHECK(error_of(with_io(io), {{1, "/cg/pids", "/c", {"pids"}}}).what ==
        "controller \"blkio\" not available");
  CHECK(error_of(with_io(io), {{2, "/cg", "/c", {"pids"}}}).what ==
        "controller \"io\" not available");
}

}  // namespace tare::cgroups
