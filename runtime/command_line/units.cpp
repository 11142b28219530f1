// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/units.h"

namespace tare::runtime {

namespace {

// "1.5" for 15 tenths. A whole number has no decimal point.
std::string with_tenths(std::uint64_t tenths) {
  const std::string whole = std::to_string(tenths / 10);
  return tenths % 10 == 0 ? whole : whole + "." + std::to_string(tenths % 10);
}

}  // namespace

std::string shown_bytes(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  std::uint64_t rest = 0;
  while (bytes >= 1024 && unit + 1 < sizeof units / sizeof *units) {
    rest = bytes % 1024;
    bytes /= 1024;
    ++unit;
  }
  return with_tenths(bytes * 10 + rest * 10 / 1024) + " " + units[unit];
}

std::string shown_duration(std::uint64_t nanoseconds) {
  constexpr std::uint64_t second = 1'000'000'000;
  constexpr std::uint64_t millisecond = 1'000'000;
  if (nanoseconds >= second) return with_tenths(nanoseconds / (second / 10)) + " s";
  if (nanoseconds >= millisecond) return with_tenths(nanoseconds / (millisecond / 10)) + " ms";
  return with_tenths(nanoseconds / 100) + " us";
}

std::string shown_thousandths(std::uint64_t thousandths) {
  std::string fraction = std::to_string(1000 + thousandths % 1000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  const std::string whole = std::to_string(thousandths / 1000);
  return fraction.empty() ? whole : whole + "." + fraction;
}

}  // namespace tare::runtime
