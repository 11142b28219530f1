// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tare::oci {

// The value at a JSON pointer (RFC 6901), as compact JSON for people: a number that is no 64-bit
// integer is shown as "...". Nothing if `json` is not JSON or has no such value.
std::optional<std::string> value_at(std::string_view json, const std::string& pointer);

}  // namespace tare::oci
