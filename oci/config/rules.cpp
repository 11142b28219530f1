// SPDX-License-Identifier: Apache-2.0
#include "oci/config/rules.h"

#include <algorithm>

#include "base/text.h"

namespace tare::oci {

namespace {

// "7" or "0-3".
bool is_number_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_number<std::uint32_t>(text.substr(0, dash));
  if (dash == std::string_view::npos) return first.has_value();
  const auto last = parse_number<std::uint32_t>(text.substr(dash + 1));
  return first && last && *first <= *last;
}

}  // namespace

bool is_number_list(std::string_view text) {
  if (text.empty()) return true;
  const auto ranges = split(text, ',');
  return std::all_of(ranges.begin(), ranges.end(), is_number_range);
}

void check_number_list(std::string_view text, const char* what, std::uint32_t highest,
                       const Place& place, Problems& problems) {
  if (!is_number_list(text)) {
    return problems.add(place, quote(text) + " is not a list of " + what);
  }
  for (const std::string_view range : split(text, ',')) {
    const auto last = parse_number<std::uint32_t>(range.substr(range.find('-') + 1));
    if (!last || *last <= highest) continue;
    problems.add(place, std::to_string(*last) + " is above " + std::to_string(highest) +
                            ", the highest number that a kernel gives to " + what);
  }
}

}  // namespace tare::oci
