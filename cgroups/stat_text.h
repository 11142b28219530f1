// SPDX-License-Identifier: Apache-2.0
//
// Reading the text of a statistics file into a field of oci::Stats: the parsers of the tables in
// stats_v1.cpp and stats_v2.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "oci/stats.h"

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

// Lines of a key and a number.
std::map<std::string, std::uint64_t> stat_keys(std::string_view text);

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
