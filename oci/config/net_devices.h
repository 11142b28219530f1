// SPDX-License-Identifier: Apache-2.0
//
// linux.netDevices (config-linux.md, "Network Devices").
#pragma once

#include <string>

#include "oci/json/fields.h"

namespace tare::oci {

struct NetDevice {
  std::string name;  // empty: the name on the host
};

constexpr auto fields(Of<NetDevice>) {
  return Table{
      Field<&NetDevice::name>{"name"},
  };
}

}  // namespace tare::oci
