// SPDX-License-Identifier: Apache-2.0
//
// How a container ended. tare stores it when it learns it, and prints it until the container is
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
  std::optional<int> code;                // as in a shell: the exit status, or 128 + signal
  std::optional<int> signal;              // the signal that ended it
  std::optional<bool> coreDumped;         // if a signal ended it
  std::optional<std::uint64_t> oomKills;  // processes of the container killed by the OOM killer
  std::string oomCgroup;  // the container's cgroup whose limit was reached; empty: none
  std::string ended;      // RFC 3339, nanoseconds, UTC; empty: unknown
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

// From a status of wait(2), or from nothing.
Exit exit_of(std::optional<int> wait_status);

// One compact JSON object and a newline.
std::string encode_exit(const Exit& exit);
// The same with the container's id in front.
std::string encode_exit(const std::string& id, const Exit& exit);

// Strict, because it is read with root's privileges.
Result<Exit> decode_exit(std::string_view json);

}  // namespace tare::oci
