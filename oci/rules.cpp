// SPDX-License-Identifier: Apache-2.0
#include "oci/rules.h"

#include <algorithm>

#include "base/text.h"

namespace tare::oci {

const Namespace* find_namespace(const Config& config, NamespaceType type) {
  if (!config.linux_) return nullptr;
  for (const Namespace& entry : config.linux_->namespaces) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

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
    return problems.add(place, quote(text) + " is no list of " + what);
  }
  for (const std::string_view range : split(text, ',')) {
    const auto last = parse_number<std::uint32_t>(range.substr(range.find('-') + 1));
    if (!last || *last <= highest) continue;
    problems.add(place, std::to_string(*last) + " is above " + std::to_string(highest) +
                            ", the highest number that a kernel gives to " + what);
  }
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7F;
  });
}

void check_device_number(std::int64_t major, std::int64_t minor, const Place& place,
                         Problems& problems) {
  constexpr std::int64_t highest_major = (1 << 12) - 1, highest_minor = (1 << 20) - 1;
  if (major < 0 || major > highest_major) {
    problems.add(Place(place, "major"), "must be from 0 to 4095, is " + std::to_string(major));
  }
  if (minor < 0 || minor > highest_minor) {
    problems.add(Place(place, "minor"), "must be from 0 to 1048575, is " + std::to_string(minor));
  }
}

// ---- id mappings -------------------------------------------------------------------------------

namespace {

constexpr std::size_t most_mappings = 340;  // UID_GID_MAP_MAX_EXTENTS, user_namespaces(7)

// user_namespaces(7): at least one id, and the range must end below 2^32 - 1, which is no id.
void check_mapping(const IDMapping& mapping, const Place& place, Problems& problems) {
  constexpr std::uint64_t end = 0xFFFFFFFF;
  if (mapping.size == 0) problems.add(Place(place, "size"), "must not be 0");
  if (std::uint64_t{mapping.containerID} + mapping.size > end) {
    problems.add(Place(place, "containerID"), "the range goes beyond the last id, 4294967294");
  }
  if (std::uint64_t{mapping.hostID} + mapping.size > end) {
    problems.add(Place(place, "hostID"), "the range goes beyond the last id, 4294967294");
  }
}

// user_namespaces(7): ranges must not overlap, on either side.
void check_overlap(const std::vector<IDMapping>& mappings, std::uint32_t IDMapping::*start,
                   const char* name, const Place& place, Problems& problems) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < mappings.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return mappings[a].*start < mappings[b].*start; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const IDMapping& before = mappings[order[i - 1]];
    if (std::uint64_t{before.*start} + before.size <= mappings[order[i]].*start) continue;
    const std::size_t later = std::max(order[i - 1], order[i]);
    const std::size_t earlier = std::min(order[i - 1], order[i]);
    const Place entry(place, later);
    problems.add(Place(entry, name), "overlaps entry " + std::to_string(earlier));
  }
}

}  // namespace

void check_mappings(const std::vector<IDMapping>& mappings, const Place& place,
                    Problems& problems) {
  if (mappings.size() > most_mappings) {
    problems.add(place,
                 "has " + std::to_string(mappings.size()) + " entries, the kernel takes 340");
  }
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    check_mapping(mappings[i], Place(place, i), problems);
  }
  check_overlap(mappings, &IDMapping::containerID, "containerID", place, problems);
  check_overlap(mappings, &IDMapping::hostID, "hostID", place, problems);
}

}  // namespace tare::oci
