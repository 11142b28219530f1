// SPDX-License-Identifier: Apache-2.0
//
// linux.intelRdt (config-linux.md, "IntelRdt").
#pragma once

#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

struct IntelRdt {
  std::string closID;
  std::vector<std::string> schemata;
  std::string l3CacheSchema;
  std::string memBwSchema;
  bool enableMonitoring = false;
};

constexpr auto fields(Of<IntelRdt>) {
  return Table{
      Field<&IntelRdt::closID>{"closID"},
      Field<&IntelRdt::schemata>{"schemata"},
      Field<&IntelRdt::l3CacheSchema>{"l3CacheSchema"},
      Field<&IntelRdt::memBwSchema>{"memBwSchema"},
      Field<&IntelRdt::enableMonitoring>{"enableMonitoring"},
  };
}

}  // namespace tare::oci
