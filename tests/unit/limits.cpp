// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "runtime/command_line/units.h"
#include "runtime/look/cgroup_limits.h"

using namespace tare;
using namespace tare::runtime;

TEST_CASE("a limit that is none is told from a number, in each version's words") {
  CHECK(parse_limit("4096\n") == 4096);
  CHECK(parse_limit("0") == 0);
  CHECK_FALSE(parse_limit("max\n"));
  CHECK_FALSE(parse_limit("-1"));
  CHECK_FALSE(parse_limit("9223372036854771712\n"));
  CHECK_FALSE(parse_limit(""));
}

TEST_CASE("a limit of a device is the number of its line and key") {
  constexpr std::string_view text =
      "mlx4_0 hca_handle=2 hca_object=2000\nmlx4_01 hca_handle=3 hca_object=max\n";
  CHECK(parse_device_limit(text, "mlx4_0", "hca_object") == 2000);
  CHECK(parse_device_limit(text, "mlx4_01", "hca_handle") == 3);
  CHECK_FALSE(parse_device_limit(text, "mlx4_01", "hca_object"));
  CHECK_FALSE(parse_device_limit(text, "mlx4", "hca_handle"));
  CHECK_FALSE(parse_device_limit(text, "mlx4_0", "hca"));
  CHECK_FALSE(parse_device_limit("", "mlx4_0", "hca_handle"));
}

TEST_CASE("a quota is a number of CPUs") {
  CHECK(parse_quota("50000", "100000") == 500);
  CHECK(parse_quota("200000", "100000\n") == 2000);
  CHECK_FALSE(parse_quota("max", "100000"));
  CHECK_FALSE(parse_quota("-1", "100000"));
  CHECK_FALSE(parse_quota("50000", "0"));
}

TEST_CASE("what has the least left of its limit is reached first") {
  using oci::LimitOfCgroup;
  CHECK(nearest_to_limit({}) == nullptr);
  CHECK(nearest_to_limit({LimitOfCgroup{"own", std::nullopt, 5}}) == nullptr);
  const std::vector<LimitOfCgroup> cgroups{{"own", 100, 10}, {"above", 200, 150}, {"top", 80, 0}};
  CHECK(nearest_to_limit(cgroups)->file == "above");
  const std::vector<LimitOfCgroup> over{{"own", 100, 10}, {"above", 50, 60}};
  CHECK(nearest_to_limit(over)->file == "above");
  const std::vector<LimitOfCgroup> same{{"own", 100, 10}, {"above", 100, 10}};
  CHECK(nearest_to_limit(same)->file == "own");
}

TEST_CASE("numbers for people have units") {
  CHECK(shown_bytes(0) == "0 B");
  CHECK(shown_bytes(1023) == "1023 B");
  CHECK(shown_bytes(64 << 20) == "64 MiB");
  CHECK(shown_bytes(1536) == "1.5 KiB");
  CHECK(shown_bytes(~std::uint64_t{0}) == "15.9 EiB");
  CHECK(shown_duration(0) == "0 us");
  CHECK(shown_duration(1'250'000'000) == "1.2 s");
  CHECK(shown_duration(12'000'000) == "12 ms");
  CHECK(shown_duration(90'500) == "90.5 us");
  CHECK(shown_thousandths(500) == "0.5");
  CHECK(shown_thousandths(2000) == "2");
  CHECK(shown_thousandths(125) == "0.125");
}
