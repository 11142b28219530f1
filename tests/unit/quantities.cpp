// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/quantities.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>

namespace tare::runtime {

TEST_CASE("durations are read as Go writes them") {
  struct Row {
    std::string_view text;
    std::int64_t nanoseconds;
  };
  constexpr Row rows[] = {
      {"0", 0},
      {"5s", 5'000'000'000},
      {"100ms", 100'000'000},
      {"1m30s", 90'000'000'000},
      {"1.5h", 5'400'000'000'000},
      {".5s", 500'000'000},
      {"1.s", 1'000'000'000},
      {"-2s", -2'000'000'000},
      {"+2s", 2'000'000'000},
      {"3us", 3'000},
      {"3\u00b5s", 3'000},
      {"3\u03bcs", 3'000},
      {"7ns", 7},
      {"0.9ns", 0},
      {"1h2m3s4ms5us6ns", 3'723'004'005'006},
      {"9223372036854775807ns", INT64_MAX},
      {"0.1000000000000000000000000000000s", 100'000'000},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto duration = parse_duration(row.text);
    REQUIRE(duration.has_value());
    CHECK(duration->count() == row.nanoseconds);
  }
}

TEST_CASE("what is no duration is refused") {
  for (const std::string_view text :
       {"", "5", "s", ".s", "-", "+", "5 s", " 5s", "5s ", "5d", "5S", "--5s", "5s-3s", "1e3s",
        "9223372036854775808ns", "9223372036855s1000h", "99999999999999999999s", "2562048h"}) {
    INFO(text);
    CHECK(!parse_duration(text).has_value());
  }
}

TEST_CASE("sizes have binary units") {
  struct Row {
    std::string_view text;
    std::int64_t bytes;
  };
  constexpr Row rows[] = {
      {"0", 0},
      {"1024", 1024},
      {"32b", 32},
      {"512m", 512 << 20},
      {"512M", 512 << 20},
      {"512mb", 512 << 20},
      {"512 MiB", 512 << 20},
      {"1.5k", 1536},
      {".5g", 1 << 29},
      {"2t", std::int64_t{2} << 40},
      {"3P", std::int64_t{3} << 50},
      {"9223372036854775807", INT64_MAX},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto bytes = parse_bytes(row.text);
    REQUIRE(bytes.has_value());
    CHECK(*bytes == row.bytes);
  }
}

TEST_CASE("what is no size is refused") {
  for (const std::string_view text :
       {"", "m", "-1", "+1", "1x", "1kk", "1ib", "1kib ", "1  k", "1 ", " 1", "0x10", "1e3", "1kbi",
        "9223372036854775808", "8192p", "9223372036854775807.5k"}) {
    INFO(text);
    CHECK(!parse_bytes(text).has_value());
  }
}

TEST_CASE("a trigger of pressure is its resource, whom it is about, and how long of how long") {
  const auto trigger = parse_pressure_trigger("memory:some:150ms/1s");
  REQUIRE(trigger.has_value());
  CHECK(trigger->resource == "memory");
  CHECK(trigger->kind == "some");
  CHECK(trigger->stallUsec == 150'000);
  CHECK(trigger->windowUsec == 1'000'000);
  for (const std::string_view text :
       {"cpu:full:1us/500ms", "io:some:10s/10s", "irq:full:0.5s/2s", "cpu:some:1.5ms/1s"}) {
    INFO(text);
    CHECK(parse_pressure_trigger(text).has_value());
  }
}

TEST_CASE("a trigger that the kernel would not take is refused") {
  for (const std::string_view text :
       {"", "memory", "memory:some", "memory:some:150ms", "disk:some:1ms/1s", "memory:all:1ms/1s",
        "irq:some:1ms/1s", "memory:some:1ms/499ms", "memory:some:1ms/11s", "memory:some:2s/1s",
        "memory:some:0/1s", "memory:some:-1ms/1s", "memory:some:1ns/1s",
        "memory:some:1ms/1s:", "memory:some:1ms/1s/1s", "memory:some:150/1000"}) {
    INFO(text);
    CHECK(!parse_pressure_trigger(text).has_value());
  }
}

}  // namespace tare::runtime
