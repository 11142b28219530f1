// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/owner_mappings.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace tare::runtime {

namespace {

std::optional<OwnerMapping> parse_one(std::string_view text) {
  OwnerMapping mapping;
  mapping.relative = text.starts_with('@');
  if (mapping.relative) text.remove_prefix(1);
  const std::optional<oci::IDMapping> ids = oci::parse_mapping(text, '-');
  if (!ids) return std::nullopt;
  mapping.ids = *ids;
  return mapping;
}

Result<std::vector<OwnerMapping>> parse_list(std::string_view text, const std::string& place) {
  std::vector<OwnerMapping> mappings;
  for (const std::string_view word : split(text, '#')) {
    const std::optional<OwnerMapping> mapping = parse_one(word);
    if (!mapping) {
      return Error::config(place, "a mapping of owners must be OWNER-HOST-SIZE, is " + quote(word));
    }
    mappings.push_back(*mapping);
  }
  return mappings;
}

}  // namespace

Result<OwnerMappings> parse_owner_mappings(std::string_view text, const std::string& place) {
  OwnerMappings mappings;
  for (const std::string_view part : split(text, ';')) {
    const std::string_view kind = part.substr(0, part.find('='));
    if ((kind != "uids" && kind != "gids") || kind.size() == part.size()) {
      return Error::config(place,
                           "mappings of owners must begin with uids= or gids=, are " + quote(part));
    }
    auto& list = kind == "uids" ? mappings.uids : mappings.gids;
    list = TRY(parse_list(part.substr(kind.size() + 1), place));
  }
  return mappings;
}

Result<std::vector<oci::IDMapping>> on_host(const std::vector<OwnerMapping>& mappings,
                                            const std::vector<oci::IDMapping>& container,
                                            const std::string& place) {
  std::vector<oci::IDMapping> found;
  for (const auto& [ids, relative] : mappings) {
    found.push_back(ids);
    if (!relative || container.empty()) continue;
    const auto holds = [first = ids.hostID, last = std::uint64_t{ids.hostID} + ids.size -
                                                   1](const oci::IDMapping& range) {
      return first >= range.containerID && last < std::uint64_t{range.containerID} + range.size;
    };
    const auto range = std::find_if(container.begin(), container.end(), holds);
    if (range == container.end()) {
      return Error::config(place, "no single mapping of the container's user namespace has the " +
                                      std::to_string(ids.size) + " IDs from " +
                                      std::to_string(ids.hostID));
    }
    found.back().hostID = range->hostID + (ids.hostID - range->containerID);
  }
  return found;
}

}  // namespace tare::runtime
