// SPDX-License-Identifier: Apache-2.0
//
// Parses the text of a statistics file into a field of oci::Stats: the parsers for the tables in
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
  std::string_view controller;  // v1: the controller of the hierarchy
  const char* file;
  void (*take)(std::string_view text, oci::Stats& stats);
};

// Reads each existing file.
Call<void> take_rows(int directory, std::span<const StatRow> rows,
                     const std::vector<std::string>* controllers, oci::Stats& stats);

// The text of a file, or nothing if this kernel does not have it or has disabled it.
Call<std::optional<std::string>> read_stat(int directory, const char* file);

// The number for a file without a limit.
inline constexpr std::uint64_t stat_max = std::numeric_limits<std::uint64_t>::max();

// "max" is 2^64-1. A negative number, which some kernels show for a moment, and text that is not a
// number are 0.
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

// "max" is 0 there, which callers read as no limit.
void take_pids_max(std::string_view text, oci::Stats& stats);

// Lines of a key and a number.
using StatKeys = std::map<std::string, std::uint64_t>;
StatKeys stat_keys(std::string_view text);
std::uint64_t value_of(const StatKeys& keys, const std::string& key);  // 0 without it

// All of memory.stat, and its value for the page cache.
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

// Parses "8:0 ..." at the start of `line` and removes it.
std::optional<oci::BlkioEntry> take_device(std::string_view& line);

// The huge page sizes of the files "hugetlb.SIZE.SUFFIX".
Call<std::vector<std::string>> hugepage_sizes(int directory, std::string_view suffix);

}  // namespace tare::cgroups
