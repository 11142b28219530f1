// SPDX-License-Identifier: Apache-2.0
#include "cgroups/stats/stat_text.h"

#include <algorithm>
#include <cerrno>

#include "base/directory.h"
#include "base/file.h"
#include "base/text.h"

namespace tare::cgroups {

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The text up to the separator, which is removed, too.
std::string_view take_word(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

std::uint64_t times(std::uint64_t value, std::uint64_t factor) {
  return value > stat_max / factor ? stat_max : value * factor;
}

// "12.34" as 1234; the kernel always prints two decimals.
std::uint64_t hundredths(std::string_view text) {
  const auto whole = parse_number<std::uint32_t>(take_word(text, '.'));
  const auto part = parse_number<std::uint32_t>(text);
  if (!whole || !part || text.size() != 2) return 0;
  return std::uint64_t{*whole} * 100 + *part;
}

oci::Pressure pressure(std::string_view words) {
  oci::Pressure found;
  while (!words.empty()) {
    std::string_view value = take_word(words, ' ');
    const std::string_view key = take_word(value, '=');
    if (key == "avg10") found.avg10.hundredths = hundredths(value);
    if (key == "avg60") found.avg60.hundredths = hundredths(value);
    if (key == "avg300") found.avg300.hundredths = hundredths(value);
    if (key == "total") found.total = stat_number(value);
  }
  return found;
}

}  // namespace

Call<std::optional<std::string>> read_stat(int directory, const char* file) {
  Call<std::string> text = read_kernel_file(directory, file);
  if (text.ok()) return std::optional(std::move(text).value());
  // EOPNOTSUPP: pressure with psi=0, memory of a threaded cgroup.
  const int error = text.error().error;
  if (error == ENOENT || error == EOPNOTSUPP) return std::optional<std::string>();
  return text.error();
}

Call<void> take_rows(int directory, std::span<const StatRow> rows,
                     const std::vector<std::string>* controllers, oci::Stats& stats) {
  for (const StatRow& row : rows) {
    if (controllers != nullptr && !contains(*controllers, row.controller)) continue;
    const std::optional<std::string> text = TRY(read_stat(directory, row.file));
    if (text) row.take(trimmed(*text), stats);
  }
  return {};
}

std::uint64_t stat_number(std::string_view text) {
  text = trimmed(text);
  if (text == "max") return stat_max;
  return parse_number<std::uint64_t>(text).value_or(0);
}

std::vector<std::uint64_t> stat_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  for (const std::string_view word : split(trimmed(text), ' ')) {
    if (!word.empty()) numbers.push_back(stat_number(word));
  }
  return numbers;
}

std::vector<std::uint16_t> stat_ranges(std::string_view text) {
  std::vector<std::uint16_t> numbers;
  for (std::string_view last : split(trimmed(text), ',')) {
    const bool is_range = last.find('-') != std::string_view::npos;
    const auto first = parse_number<std::uint16_t>(is_range ? take_word(last, '-') : last);
    const auto end = parse_number<std::uint16_t>(last);
    if (!first || !end) continue;
    for (std::uint32_t number = *first; number <= *end; ++number) {
      numbers.push_back(static_cast<std::uint16_t>(number));
    }
  }
  return numbers;
}

void take_pids_max(std::string_view text, oci::Stats& stats) {
  stats.pids.limit = text == "max" ? 0 : stat_number(text);
}

std::uint64_t value_of(const StatKeys& keys, const std::string& key) {
  const auto found = keys.find(key);
  return found == keys.end() ? 0 : found->second;
}

void take_memory_stat(std::string_view text, const char* cache, oci::Stats& stats) {
  stats.memory.raw = stat_keys(text);
  stats.memory.cache = value_of(stats.memory.raw, cache);
}

StatKeys stat_keys(std::string_view text) {
  StatKeys values;
  for (std::string_view value : split(text, '\n')) {
    const std::string_view key = take_word(value, ' ');
    if (!key.empty() && !value.empty()) values[std::string(key)] = stat_number(value);
  }
  return values;
}

void take_keys(std::string_view text, std::span<const StatKey> keys, oci::Stats& stats) {
  for (std::string_view value : split(text, '\n')) {
    const std::string_view key = take_word(value, ' ');
    for (const StatKey& row : keys) {
      if (row.key == key) row.field(stats) = times(stat_number(value), row.factor);
    }
  }
}

oci::Pressures stat_pressures(std::string_view text) {
  oci::Pressures pressures;
  for (std::string_view line : split(text, '\n')) {
    const std::string_view kind = take_word(line, ' ');
    if (kind == "some") pressures.some = pressure(line);
    if (kind == "full") pressures.full = pressure(line);
  }
  return pressures;
}

std::optional<oci::BlkioEntry> take_device(std::string_view& line) {
  std::string_view minor_text = take_word(line, ' ');
  const std::string_view major_text = take_word(minor_text, ':');
  const auto major_number = parse_number<std::uint64_t>(major_text);
  const auto minor_number = parse_number<std::uint64_t>(minor_text);
  if (!major_number || !minor_number) return std::nullopt;
  return oci::BlkioEntry{*major_number, *minor_number, "", 0};
}

Call<std::vector<std::string>> hugepage_sizes(int directory, std::string_view suffix) {
  constexpr std::string_view prefix = "hugetlb.";
  std::vector<std::string> sizes;
  TRY(for_each_entry(directory, [&](const dirent& entry) {
    std::string_view name = entry.d_name;
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return;
    name.remove_prefix(prefix.size());
    const std::string_view size = take_word(name, '.');
    if (name == suffix.substr(1)) sizes.emplace_back(size);
  }));
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace tare::cgroups
