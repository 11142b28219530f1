// SPDX-License-Identifier: Apache-2.0
//
// process.capabilities (config.md, "Linux Process").
#pragma once

#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

struct Capabilities {
  // Names as in capabilities(7), "CAP_CHOWN". Unknown ones are kept, because the specification
  // requires a warning.
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> inheritable;
  std::vector<std::string> permitted;
  std::vector<std::string> ambient;
};

constexpr auto fields(Of<Capabilities>) {
  return Table{
      Field<&Capabilities::bounding>{"bounding"},
      Field<&Capabilities::effective>{"effective"},
      Field<&Capabilities::inheritable>{"inheritable"},
      Field<&Capabilities::permitted>{"permitted"},
      Field<&Capabilities::ambient>{"ambient"},
  };
}

}  // namespace tare::oci
