// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/same_value.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"

namespace tare::runtime {

namespace {

using WordList = std::vector<std::string_view>;

WordList words_of(std::string_view text) {
  WordList words;
  constexpr std::string_view spaces = " \t\n";
  for (std::size_t at = text.find_first_not_of(spaces); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(spaces, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(spaces, end);
  }
  return words;
}

// Parses "64m" as the kernel's memparse() does.
std::optional<std::uint64_t> size_of(std::string_view text) {
  constexpr std::string_view units = "kmgt";
  unsigned shift = 0;
  if (!text.empty()) {
    const std::size_t unit = units.find(static_cast<char>(text.back() | 0x20));
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const auto number = parse_number<std::uint64_t>(text);
  return number ? std::optional(*number << shift) : std::nullopt;
}

// The unit that the kernel rounds a limit down to: a page, or the huge page size in the file name.
std::uint64_t unit_of(std::string_view file) {
  constexpr std::string_view huge = "hugetlb.";
  if (file.starts_with(huge)) {
    file.remove_prefix(huge.size());
    const std::string_view size = file.substr(0, file.find('B'));
    return size_of(size).value_or(1);
  }
  return file.starts_with("memory.") ? static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 1;
}

// In v1, the file contains the largest number of pages after -1 ("no limit") was written.
bool is_unlimited(std::string_view text) {
  constexpr std::uint64_t half = std::uint64_t{1} << 62;
  return text == "max" || text.starts_with('-') || size_of(text).value_or(0) >= half;
}

bool is_same_word(std::string_view file, std::string_view wanted, std::string_view found) {
  if (wanted == found) return true;
  const auto one = size_of(wanted);
  const auto other = size_of(found);
  if (one && other && *one >= *other && *one - *other < unit_of(file)) return true;
  return is_unlimited(wanted) && is_unlimited(found);
}

// "0-2,7" as 0, 1, 2, 7. Nothing for other text or a very long list.
std::optional<std::set<unsigned>> members_of(std::string_view list) {
  constexpr unsigned most = 1U << 16;
  std::set<unsigned> members;
  for (const std::string_view part : split(list, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = parse_number<unsigned>(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_number<unsigned>(part.substr(dash + 1));
    if (!first || !last || *last >= most) return std::nullopt;
    for (unsigned i = *first; i <= *last; ++i) members.insert(i);
  }
  return members;
}

// "rbps=100" is in "rbps=100 wbps=max". A single "500" is compared as a whole.
bool has_word(std::string_view file, const WordList& words, std::string_view wanted) {
  const std::size_t equals = wanted.find('=');
  return std::ranges::any_of(words, [&](std::string_view word) {
    if (equals == std::string_view::npos) return is_same_word(file, wanted, word);
    return word.substr(0, equals + 1) == wanted.substr(0, equals + 1) &&
           is_same_word(file, wanted.substr(equals + 1), word.substr(equals + 1));
  });
}

// Each line of the file belongs to one device: "8:16 rbps=100". A device without limits has no
// line.
bool is_same_line(std::string_view file, const WordList& wanted, std::string_view found) {
  const WordList values(wanted.begin() + 1, wanted.end());
  for (const std::string_view line : split(found, '\n')) {
    const WordList words = words_of(line);
    if (words.empty() || words.front() != wanted.front()) continue;
    return std::ranges::all_of(
        values, [&](std::string_view value) { return has_word(file, words, value); });
  }
  return std::ranges::all_of(values, [](std::string_view value) {
    return value == "0" || value.ends_with("=max") || value == "max";
  });
}

bool is_device_number(std::string_view word) {
  const std::size_t colon = word.find(':');
  return colon != std::string_view::npos && parse_number<unsigned>(word.substr(0, colon)) &&
         parse_number<unsigned>(word.substr(colon + 1));
}

bool has_lines(std::string_view file, const WordList& wanted) {
  return wanted.size() > 1 && (is_device_number(wanted.front()) || file.starts_with("rdma.") ||
                               file.starts_with("net_prio.") || file.starts_with("misc."));
}

}  // namespace

bool is_same_list(std::string_view wanted, std::string_view found) {
  const auto one = members_of(wanted);
  return one && one == members_of(without_newline(found));
}

bool is_same_value(std::string_view file, std::string_view wanted, std::string_view found) {
  if (file.ends_with("cpus") || file.ends_with("mems")) {
    return is_same_list(wanted, found);
  }
  const WordList wanted_words = words_of(wanted);
  if (has_lines(file, wanted_words)) return is_same_line(file, wanted_words, found);
  if (file == "memory.oom_control") {
    return found.starts_with("oom_kill_disable " + std::string(wanted) + "\n");
  }
  const WordList found_words = words_of(found);
  if (wanted_words.size() > found_words.size()) return false;
  return std::equal(
      wanted_words.begin(), wanted_words.end(), found_words.begin(),
      [&](std::string_view one, std::string_view other) { return is_same_word(file, one, other); });
}

bool is_same_sysctl(std::string_view wanted, std::string_view found) {
  return words_of(wanted) == words_of(found);
}

bool is_same_option(std::string_view key, std::string_view wanted, std::string_view found) {
  if (wanted == found) return true;
  if (key.ends_with("mode")) {
    const auto one = parse_number<unsigned>(wanted, 8);
    return one && one == parse_number<unsigned>(found, 8);
  }
  const auto one = size_of(wanted);
  const auto other = size_of(found);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (!one || !other || key != "size") return one && one == other;
  return *other >= *one && *other - *one < page;  // rounded up to pages
}

}  // namespace tare::runtime
