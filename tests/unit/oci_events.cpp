// SPDX-License-Identifier: Apache-2.0
#include "oci/output/events.h"

#include <doctest/doctest.h>
#include <signal.h>

#include "base/process.h"
#include "oci/output/state.h"

using namespace tare;
using namespace tare::oci;

namespace {

// As wait(2) composes it.
constexpr int exited_with(int code) {
  return code << 8;
}
constexpr int dumped_core = 0x80;

}  // namespace

TEST_CASE("what wait says in words") {
  const Exit zero = exit_of(exited_with(0));
  CHECK(encode_exit(zero) == "{\"outcome\":\"exited\",\"code\":0}\n");
  const Exit three = exit_of(exited_with(3));
  CHECK(encode_exit("c1", three) == "{\"id\":\"c1\",\"outcome\":\"exited\",\"code\":3}\n");
  const Exit killed = exit_of(SIGKILL);
  CHECK(encode_exit(killed) ==
        "{\"outcome\":\"signalled\",\"code\":137,\"signal\":9,\"coreDumped\":false}\n");
  const Exit aborted = exit_of(SIGABRT | dumped_core);
  CHECK(encode_exit(aborted) ==
        "{\"outcome\":\"signalled\",\"code\":134,\"signal\":6,\"coreDumped\":true}\n");
  CHECK(encode_exit(exit_of(std::nullopt)) == "{\"outcome\":\"unknown\"}\n");
  CHECK(exit_status(exited_with(255)) == 255);
}

TEST_CASE("an exit record that is written is read back") {
  Exit exit = exit_of(SIGKILL);
  exit.oomKills = 2;
  exit.oomCgroup = "/sys/fs/cgroup/a\"b";
  exit.ended = "2026-11-24T10:00:00.123456789Z";
  const Result<Exit> read = decode_exit(encode_exit(exit));
  REQUIRE(read.ok());
  CHECK(encode_exit(*read) == encode_exit(exit));
}

TEST_CASE("an exit record that is none is an error") {
  for (const char* text :
       {"", "[]", "{}", "{\"outcome\":3}", "{\"outcome\":\"exited\",\"code\":\"0\"}",
        "{\"outcome\":\"exited\",\"code\":1.5}", "{\"outcome\":\"exited\",\"oomKills\":-1}"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_exit(text).ok());
  }
}

TEST_CASE("state shows the end behind what callers know") {
  State state;
  state.status = "stopped";
  state.exit = exit_of(exited_with(4));
  const std::string text = encode_state(state);
  CHECK(
      text.ends_with("  \"owner\": \"\",\n  \"exit\": {\n    \"outcome\": \"exited\",\n"
                     "    \"code\": 4\n  }\n}"));
  CHECK(encode_state_compact(state).find("exit") == std::string::npos);
}

TEST_CASE("events are one line each") {
  CHECK(encode_event("oom", "c1") == "{\"type\":\"oom\",\"id\":\"c1\"}\n");
  CHECK(encode_exited_event("c1", exit_of(exited_with(1))) ==
        "{\"type\":\"exited\",\"id\":\"c1\",\"data\":{\"outcome\":\"exited\",\"code\":1}}\n");
}

TEST_CASE("statistics have the names that decoders know") {
  Stats stats;
  stats.cpu.usage = {10, {1, 2}, {3}, {4}, 5, 6};
  stats.cpu.throttling = {7, 8, 9};
  stats.cpu.psi = Pressures{{{105}, {1234}, {0}, 77}, {}};
  stats.memory.raw = {{"anon", 1}};
  stats.memory.usage = {18446744073709551615U, 2, 3, 4};
  stats.pids = {5, 6};
  stats.blkio.ioServiceBytes = {{8, 0, "Read", 512}};
  stats.hugetlb = {{"2MB", {1, 0, 2}}};
  const std::string text = encode_stats_event("c1", stats);
  for (const char* part : {
           R"("cpu":{"usage":{"total":10,"percpu":[1,2],"percpu_kernel":[3],"percpu_user":[4],)"
           R"("kernel":5,"user":6},"throttling":{"periods":7,"throttledPeriods":8,)"
           R"("throttledTime":9},"psi":{"some":{"avg10":1.05,"avg60":12.34,"avg300":0.00,)"
           R"("total":77},"full":{"avg10":0.00,"avg60":0.00,"avg300":0.00,"total":0}}})",
           R"("memory":{"usage":{"limit":18446744073709551615,"usage":2,"max":3,"failcnt":4})",
           R"("raw":{"anon":1})",
           R"("pids":{"current":5,"limit":6})",
           R"("ioServiceBytesRecursive":[{"major":8,"op":"Read","value":512}])",
           R"("hugetlb":{"2MB":{"usage":1,"failcnt":2}})",
       }) {
    CAPTURE(part);
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("an event is its type, its container and what there is to say") {
  CHECK(encode_event("created", "c") == "{\"type\":\"created\",\"id\":\"c\"}\n");
  CHECK(encode_count_event("oom_kill", "c", 2) ==
        "{\"type\":\"oom_kill\",\"id\":\"c\",\"data\":{\"count\":2}}\n");
  CHECK(encode_pressure_event("c", {"io", "full", 150'000, 1'000'000}) ==
        "{\"type\":\"psi\",\"id\":\"c\",\"data\":{\"resource\":\"io\",\"kind\":\"full\","
        "\"stallUsec\":150000,\"windowUsec\":1000000}}\n");
}

TEST_CASE("Intel RDT is told where there is any") {
  Stats stats;
  stats.intelRdt.l3CacheInfo = L3CacheInfo{"fffff", 1, 16};
  stats.intelRdt.l3CacheSchemaRoot = "L3:0=fffff";
  stats.intelRdt.l3CacheSchema = "L3:0=f";
  stats.intelRdt.memBwInfo = MemoryBandwidthInfo{10, 1, 10, 8};
  stats.intelRdt.mbmStats.emplace().push_back({100, 50});
  stats.intelRdt.cmtStats.emplace().push_back({4096});
  CHECK(
      encode_stats_event("c", stats)
          .find(
              R"("intel_rdt":{"l3_cache_info":{"cbm_mask":"fffff","min_cbm_bits":1,"num_closids":16},)"
              R"("l3_cache_schema_root":"L3:0=fffff","l3_cache_schema":"L3:0=f",)"
              R"("mem_bw_info":{"bandwidth_gran":10,"delay_linear":1,"min_bandwidth":10,)"
              R"("num_closids":8},"mbm_stats":[{"mbm_total_bytes":100,"mbm_local_bytes":50}],)"
              R"("cmt_stats":[{"llc_occupancy":4096}]})") != std::string::npos);
}
