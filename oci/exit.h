// SPDX-License-Identifier: Apache-2.0
//
// How a container ended. tare writes it down when it learns it, and shows it until the container is
// deleted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/json/fields.h"

namespace tare::oci {

struct Exit {
  std::string outcome = "unknown";        // "exited", "signalled"
  std::optional<int> code;                // as a shell has it: its own, or 128 + signal
  std::optional<int> signal;              // that ended it
  std::optional<bool> coreDumped;         // if a signal ended it
  std::optional<std::uint64_t> oomKills;  // processes of the container killed for want of memory
  std::string oomCgroup;  // the cgroup whose limit was reached, of the container's own; empty: none
  std::string ended;      // RFC 3339, nanoseconds, UTC; empty: nobody watched
};

constexpr auto fields(Of<Exit>) {
  return Table{
      Field<&Exit::outcome>{"outcome", Presence::required},
      Field<&Exit::code>{"code"},
      Field<&Exit::signal>{"signal"},
      Field<&Exit::coreDumped>{"coreDumped"},
      Field<&Exit::oomKills>{"oomKills"},
      Field<&Exit::oomCgroup>{"oomCgroup"},
      Field<&Exit::ended>{"ended"},
  };
}

// From what wait(2) says, or from nothing.
Exit exit_of(std::optional<int> wait_status);

// One compact JSON object and a newline.
std::string encode_exit(const Exit& exit);
// The same with the container's id in front.
std::string encode_exit(const std::string& id, const Exit& exit);

// Strict, as it is read with root's rights.
Result<Exit> decode_exit(std::string_view json);

}  // namespace tare::oci
