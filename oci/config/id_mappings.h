// SPDX-License-Identifier: Apache-2.0
//
// uidMappings and gidMappings, of linux and of a mount (config-linux.md, "User namespace
// mappings").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

struct IDMapping {
  std::uint32_t containerID = 0;
  std::uint32_t hostID = 0;
  std::uint32_t size = 0;
};

constexpr auto fields(Of<IDMapping>) {
  return Table{
      Field<&IDMapping::containerID>{"containerID", Presence::required},
      Field<&IDMapping::hostID>{"hostID", Presence::required},
      Field<&IDMapping::size>{"size", Presence::required},
  };
}

// Lines in the format of user_namespaces(7), "INSIDE OUTSIDE COUNT\n".
std::string map_lines(const std::vector<IDMapping>& mappings);
// Three numbers, "0-1000-1"; nothing for another text, and for a size of 0.
std::optional<IDMapping> parse_mapping(std::string_view text, char separator);
// Skips malformed lines.
std::vector<IDMapping> parse_id_map(std::string_view text);

}  // namespace tare::oci
