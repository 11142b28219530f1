// SPDX-License-Identifier: Apache-2.0
//
// linux.devices (config-linux.md, "Devices").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "oci/json/fields.h"

namespace tare::oci {

struct Device {
  std::string path;
  std::string type;                   // "c", "b", "u" or "p"
  std::optional<std::int64_t> major;  // required unless it is a fifo
  std::optional<std::int64_t> minor;
  std::optional<std::uint32_t> fileMode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};

constexpr auto fields(Of<Device>) {
  return Table{
      Field<&Device::path>{"path", Presence::required},
      Field<&Device::type>{"type", Presence::required},
      Field<&Device::major>{"major"},
      Field<&Device::minor>{"minor"},
      Field<&Device::fileMode>{"fileMode"},
      Field<&Device::uid>{"uid"},
      Field<&Device::gid>{"gid"},
  };
}

}  // namespace tare::oci
