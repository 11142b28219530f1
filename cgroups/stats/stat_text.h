// SPDX-License-Identifier: Apache-2.0
//
// Reading the text of a statistics file into a field of oci::Stats: the parsers of the tables in
// stats_v1.cpp and stats_v2.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/output/stats.h"

namespace tare::cgroups {

struct StatRow {
  std::string_view controller;  // v1: of which hierarchy
  const char* file;
  void (*take)(std::string_view text, oci::Stats& stats);
};

// Takes each file that is there.
Call<void> take_rows(int directory, std::span<const StatRow> rows,
                     const std::vector<std::string>* controllers, oci::Stats& stats);

// The text of a file, or nothing if this kernel does not have it, or has switched it off.
Call<std::optional<std::string>> read_stat(int directory, const char* file);

// What a file without a limit says, in numbers.
inline constexpr std::uint64_t stat_max = std::numeric_limits<std::uint64_t>::max();

// "max" is 2^64-1. Less than zero, which some kernels say for a moment, is 0, as is what is no
// number.
std::uint64_t stat_number(std::string_view text);

// The member that `Path`, pointers to members, leads to.
template <auto... Path>
auto& stat_at(oci::Stats& stats) {
  return (stats.*....*Path);
}

// The whole file is one number.
template <auto... Path>
void take_number(std::string_view text, oci::Stats& stats) {
  stat_at<Path...>(stats) = stat_number(text);
}

// A list of numbers: "1 2 3".
std::vector<std::uint64_t> stat_numbers(std::string_view text);

template <auto... Path>
void take_numbers(std::string_view text, oci::Stats& stats) {
  stat_at<Path...>(stats) = stat_numbers(text);
}

// A list of ranges: "0-3,7".
std::vector<std::uint16_t> stat_ranges(std::string_view text);

template <auto... Path>
void take_ranges(std::string_view text, oci::Stats& stats) {
  stat_at<Path...>(stats) = stat_ranges(text);
}

template <auto Entry, auto Field>
constexpr auto take_memory = take_number<&oci::Stats::memory, Entry, Field>;

// "max" is 0 there: it is what callers know as no limit.
void take_pids_max(std::string_view text, oci::Stats& stats);

// Lines of a key and a number.
using StatKeys = std::map<std::string, std::uint64_t>;
StatKeys stat_keys(std::string_view text);
std::uint64_t value_of(const StatKeys& keys, const std::string& key);  // 0 without it

// All of memory.stat, and what it calls the page cache.
void take_memory_stat(std::string_view text, const char* cache, oci::Stats& stats);

struct StatKey {
  std::string_view key;
  std::uint64_t& (*field)(oci::Stats&);
  std::uint64_t factor = 1;
};
void take_keys(std::string_view text, std::span<const StatKey> keys, oci::Stats& stats);

// A pressure file: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full ...".
oci::Pressures stat_pressures(std::string_view text);

template <auto... Path>
void take_pressures(std::string_view text, oci::Stats& stats) {
  stat_at<Path...>(stats) = stat_pressures(text);
}

// "8:0 ..." at the front of `line`, which is left with what follows.
std::optional<oci::BlkioEntry> take_device(std::string_view& line);

// The sizes of huge pages that the files "hugetlb.SIZE.SUFFIX" tell of.
Call<std::vector<std::string>> hugepage_sizes(int directory, std::string_view suffix);

}  // namespace tare::cgroups
