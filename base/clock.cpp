// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace tare {

namespace {

// With <chrono>'s calendar, because gmtime(3) would read the host's time zone files.
std::string utc(std::chrono::sys_time<std::chrono::nanoseconds> now) {
  using namespace std::chrono;
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  std::array<char, 48> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09ldZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<long>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string utc_now() {
  return utc(std::chrono::floor<std::chrono::nanoseconds>(std::chrono::system_clock::now()));
}

std::string utc(const timespec& time) {
  using namespace std::chrono;
  return utc(sys_time<nanoseconds>(seconds(time.tv_sec) + nanoseconds(time.tv_nsec)));
}

std::string utc_seconds(std::chrono::sys_seconds time) {
  constexpr std::string_view seconds = "2026-11-24T10:00:00";
  return utc(std::chrono::sys_time<std::chrono::nanoseconds>(time)).substr(0, seconds.size()) + "Z";
}

int milliseconds_until(std::chrono::steady_clock::time_point time) {
  const auto left = time - std::chrono::steady_clock::now();
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, INT32_MAX));
}

}  // namespace tare
