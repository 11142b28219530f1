// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/resctrl_usage.h"

#include "tests/unit/scratch.h"

namespace tare::runtime {

TEST_CASE("a group of resctrl as a processor with all of it shows it") {
  const Scratch tree;
  tree.directory("info/L3");
  tree.file("info/L3/cbm_mask", "fffff\n");
  tree.file("info/L3/min_cbm_bits", "1\n");
  tree.file("info/L3/num_closids", "16\n");
  tree.directory("info/MB");
  tree.file("info/MB/bandwidth_gran", "10\n");
  tree.file("info/MB/min_bandwidth", "10\n");
  tree.directory("info/L3_MON");
  tree.file("info/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n");
  tree.file("schemata", "    MB:0=100\n    L3:0=fffff\n");
  tree.directory("c1/mon_groups/web/mon_data/mon_L3_00");
  tree.directory("c1/mon_groups/web/mon_data/mon_L3_01");
  tree.file("c1/schemata", "    MB:0=20\n    L3:0=f\n");
  tree.file("c1/mon_groups/web/mon_data/mon_L3_00/llc_occupancy", "4096\n");
  tree.file("c1/mon_groups/web/mon_data/mon_L3_00/mbm_total_bytes", "Unavailable\n");
  tree.file("c1/mon_groups/web/mon_data/mon_L3_00/mbm_local_bytes", "7\n");
  tree.file("c1/mon_groups/web/mon_data/mon_L3_01/mbm_total_bytes", "8\n");
  const auto stats = read_intel_rdt(tree.fd(), {"c1", "web", true});
  REQUIRE(stats.ok());
  CHECK(stats->l3CacheInfo->cbmMask == "fffff");
  CHECK(stats->l3CacheInfo->numClosids == 16);
  CHECK(stats->l3CacheSchemaRoot == "L3:0=fffff");
  CHECK(stats->l3CacheSchema == "L3:0=f");
  CHECK(stats->memBwInfo->bandwidthGran == 10);
  CHECK(stats->memBwSchema == "MB:0=20");
  REQUIRE(stats->cmtStats->size() == 2);
  CHECK(stats->cmtStats->front().occupancy == 4096);
  REQUIRE(stats->mbmStats->size() == 2);
  CHECK(stats->mbmStats->front().total == 0);
  CHECK(stats->mbmStats->front().local == 7);
  CHECK(stats->mbmStats->back().total == 8);
}

TEST_CASE("what a processor does not have is left out") {
  const Scratch tree;
  tree.file("schemata", "L3:0=f\n");
  const auto stats = read_intel_rdt(tree.fd(), {});
  REQUIRE(stats.ok());
  CHECK_FALSE(stats->l3CacheInfo.has_value());
  CHECK_FALSE(stats->memBwInfo.has_value());
  CHECK_FALSE(stats->cmtStats.has_value());
  CHECK_FALSE(stats->mbmStats.has_value());
  CHECK(stats->l3CacheSchema.empty());
}

TEST_CASE("a group that is gone is an error") {
  const Scratch tree;
  CHECK(read_intel_rdt(tree.fd(), {"c1", "", true}).error().error == ENOENT);
}

}  // namespace tare::runtime
