// SPDX-License-Identifier: Apache-2.0
//
// mounts (config.md, "Mounts").
#pragma once

#include <string>
#include <vector>

#include "oci/config/id_mappings.h"
#include "oci/json/fields.h"

namespace tare::oci {

struct Mount {
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IDMapping> uidMappings;
  std::vector<IDMapping> gidMappings;
  bool was_relative = false;  // not in the document: the destination was written as a relative path
};

constexpr auto fields(Of<Mount>) {
  return Table{
      Field<&Mount::destination>{"destination", Presence::required},
      Field<&Mount::type>{"type"},
      Field<&Mount::source>{"source"},
      Field<&Mount::options>{"options"},
      Field<&Mount::uidMappings>{"uidMappings"},
      Field<&Mount::gidMappings>{"gidMappings"},
  };
}

// Destinations are absolute and clean.
void bring_into_normal_form(std::vector<Mount>& mounts);

}  // namespace tare::oci
