// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/quantities.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace tare::runtime {

namespace {

constexpr std::uint64_t largest = INT64_MAX;

// "1.5": whole 1, and part 5 of 10.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t part = 0;
  std::uint64_t of = 1;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits after the 18th decimal place are too small for every unit.
void take_part(std::string_view& text, Decimal& decimal) {
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    if (decimal.of >= 1'000'000'000'000'000'000) continue;
    decimal.part = decimal.part * 10 + static_cast<std::uint64_t>(text[0] - '0');
    decimal.of *= 10;
  }
}

// Removes "12", "12.", "1.5" or ".5" from the front of `text`.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal decimal;
  const std::size_t before = text.size();
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    const auto digit = static_cast<std::uint64_t>(text[0] - '0');
    if (decimal.whole > (largest - digit) / 10) return std::nullopt;
    decimal.whole = decimal.whole * 10 + digit;
  }
  std::size_t digits = before - text.size();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t point = text.size();
    take_part(text, decimal);
    digits += point - text.size();
  }
  if (digits == 0) return std::nullopt;
  return decimal;
}

// Up to 2^63-1.
std::optional<std::uint64_t> times(const Decimal& decimal, std::uint64_t unit) {
  if (decimal.whole > largest / unit) return std::nullopt;
  const auto part = static_cast<std::uint64_t>(static_cast<long double>(decimal.part) *
                                               static_cast<long double>(unit) /
                                               static_cast<long double>(decimal.of));
  const std::uint64_t product = decimal.whole * unit + part;
  if (product > largest) return std::nullopt;
  return product;
}

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
// A name comes before the names that are its prefixes.
constexpr Unit time_units[] = {
    {"ns", 1},          {"us", 1'000},        {"\u00b5s", 1'000},  // the micro sign
    {"\u03bcs", 1'000},                                            // the Greek letter mu
    {"ms", 1'000'000},  {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};

const Unit* take_time_unit(std::string_view& text) {
  for (const Unit& unit : time_units) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

// The power of 1024 for the suffix "", "b", "k", "kb" or "kib", in upper or lower case.
std::optional<unsigned> byte_power(std::string_view suffix) {
  constexpr std::string_view letters = "kmgtp";
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (suffix.empty() || (suffix.size() == 1 && lower(suffix[0]) == 'b')) return 0;
  const std::size_t power = letters.find(lower(suffix[0]));
  if (power == std::string_view::npos || suffix.size() > 3) return std::nullopt;
  if (suffix.size() > 1 && lower(suffix.back()) != 'b') return std::nullopt;
  if (suffix.size() > 2 && lower(suffix[1]) != 'i') return std::nullopt;
  return static_cast<unsigned>(power) + 1;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds{0};
  if (text.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  while (!text.empty()) {
    const std::optional<Decimal> decimal = take_decimal(text);
    const Unit* unit = decimal ? take_time_unit(text) : nullptr;
    if (unit == nullptr) return std::nullopt;
    const std::optional<std::uint64_t> term = times(*decimal, unit->nanoseconds);
    if (!term || *term > largest - sum) return std::nullopt;
    sum += *term;
  }
  const auto count = static_cast<std::int64_t>(sum);
  return std::chrono::nanoseconds{negative ? -count : count};
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  const std::optional<Decimal> decimal = take_decimal(text);
  if (!decimal) return std::nullopt;
  if (text.size() > 1 && text[0] == ' ') text.remove_prefix(1);
  const std::optional<unsigned> power = byte_power(text);
  if (!power) return std::nullopt;
  const std::optional<std::uint64_t> bytes = times(*decimal, std::uint64_t{1} << (10 * *power));
  if (!bytes) return std::nullopt;
  return static_cast<std::int64_t>(*bytes);
}

namespace {

struct Pressure {
  std::string_view resource;
  std::string_view kind;
};
constexpr Pressure pressures[] = {
    {"cpu", "some"}, {"cpu", "full"}, {"memory", "some"}, {"memory", "full"},
    {"io", "some"},  {"io", "full"},  {"irq", "full"},
};

std::optional<std::chrono::microseconds> parse_microseconds(std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration || duration->count() <= 0 || duration->count() % 1000 != 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(*duration);
}

}  // namespace

std::optional<oci::PressureTrigger> parse_pressure_trigger(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  const bool known = std::ranges::any_of(pressures, [&](const Pressure& pressure) {
    return pressure.resource == parts[0] && pressure.kind == parts[1];
  });
  const std::size_t slash = parts[2].find('/');
  if (!known || slash == std::string_view::npos) return std::nullopt;
  const auto stall = parse_microseconds(parts[2].substr(0, slash));
  const auto window = parse_microseconds(parts[2].substr(slash + 1));
  using namespace std::chrono_literals;
  if (!stall || !window || *stall > *window || *window < 500ms || *window > 10s) {
    return std::nullopt;
  }
  return oci::PressureTrigger{std::string(parts[0]), std::string(parts[1]),
                              static_cast<std::uint64_t>(stall->count()),
                              static_cast<std::uint64_t>(window->count())};
}

}  // namespace tare::runtime
