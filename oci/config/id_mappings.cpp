// SPDX-License-Identifier: Apache-2.0
#include "oci/config/id_mappings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "oci/config/namespaces.h"
#include "oci/config/process.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

constexpr std::size_t most_mappings = 340;  // UID_GID_MAP_MAX_EXTENTS, user_namespaces(7)

// user_namespaces(7): at least one id, and the range must end below 2^32 - 1, which is not a valid
// id.
void check_mapping(const IDMapping& mapping, const Place& place, Problems& problems) {
  constexpr std::uint64_t end = 0xFFFFFFFF;
  if (mapping.size == 0) problems.add(Place(place, "size"), "must not be 0");
  if (std::uint64_t{mapping.containerID} + mapping.size > end) {
    problems.add(Place(place, "containerID"), "the range exceeds the last id, 4294967294");
  }
  if (std::uint64_t{mapping.hostID} + mapping.size > end) {
    problems.add(Place(place, "hostID"), "the range exceeds the last id, 4294967294");
  }
}

// user_namespaces(7): ranges must not overlap, on either side.
void check_overlap(const IDMappings& mappings, std::uint32_t IDMapping::*start, const char* name,
                   const Place& place, Problems& problems) {
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

void check_mappings(const IDMappings& mappings, const Place& place, Problems& problems) {
  if (mappings.size() > most_mappings) {
    problems.add(place,
                 "has " + std::to_string(mappings.size()) + " entries, the kernel accepts 340");
  }
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    check_mapping(mappings[i], Place(place, i), problems);
  }
  check_overlap(mappings, &IDMapping::containerID, "containerID", place, problems);
  check_overlap(mappings, &IDMapping::hostID, "hostID", place, problems);
}

// ---- user namespace ----------------------------------------------------------------------------

namespace {

void check_mapped(std::uint32_t id, const IDMappings& mappings, const Place& place,
                  Problems& problems) {
  const auto holds = [&](const IDMapping& mapping) {
    return id >= mapping.containerID && id - mapping.containerID < mapping.size;
  };
  if (mappings.empty() || std::any_of(mappings.begin(), mappings.end(), holds)) return;
  problems.add(place, std::to_string(id) + " is not mapped in the user namespace");
}

}  // namespace

// config-linux.md, "User namespace mappings": only for a user namespace; a new one needs them.
void check(const IDMappings& mappings, const Namespaces& namespaces, const Place& place,
           Problems& problems) {
  const Namespace* user = find_namespace(namespaces, NamespaceType::user);
  if (user == nullptr && !mappings.empty()) problems.add(place, "needs a user namespace");
  if (user != nullptr && user->path.empty() && mappings.empty()) {
    problems.add(place, "is required for a new user namespace");
  }
  check_mappings(mappings, place, problems);
}

// setresuid(2), setgroups(2): an id without a mapping cannot be set.
void check_mapped(const User& user, const IDMappings& uids, const IDMappings& gids,
                  const Place& place, Problems& problems) {
  check_mapped(user.uid, uids, Place(place, "uid"), problems);
  check_mapped(user.gid, gids, Place(place, "gid"), problems);
  const Place groups(place, "additionalGids");
  for (std::size_t i = 0; i < user.additionalGids.size(); ++i) {
    check_mapped(user.additionalGids[i], gids, Place(groups, i), problems);
  }
}

// ---- the kernel's form --------------------------------------------------------------------------

std::string map_lines(const std::vector<IDMapping>& mappings) {
  std::string lines;
  for (const auto& mapping : mappings) {
    lines += std::to_string(mapping.containerID) + " " + std::to_string(mapping.hostID) + " " +
             std::to_string(mapping.size) + "\n";
  }
  return lines;
}

std::optional<IDMapping> parse_mapping(std::string_view text, char separator) {
  std::array<std::uint32_t, 3> numbers{};
  const auto parts = split(text, separator);
  if (parts.size() != numbers.size()) return std::nullopt;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = parse_number<std::uint32_t>(parts[i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  if (numbers[2] == 0) return std::nullopt;
  return IDMapping{numbers[0], numbers[1], numbers[2]};
}

std::vector<IDMapping> parse_id_map(std::string_view text) {
  std::vector<IDMapping> mappings;
  for (const std::string_view line : split(text, '\n')) {
    std::array<std::uint32_t, 3> numbers{};  // inside, outside, count
    std::size_t found = 0;
    for (const std::string_view word : split(line, ' ')) {
      const auto number = parse_number<std::uint32_t>(word);
      if (number && found < numbers.size()) numbers[found++] = *number;
    }
    if (found == numbers.size()) mappings.push_back({numbers[0], numbers[1], numbers[2]});
  }
  return mappings;
}

}  // namespace tare::oci
