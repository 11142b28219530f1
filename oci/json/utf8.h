// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 (RFC 3629), the only encoding that JSON text may have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tare::oci {

// The length in bytes of the longest well-formed beginning.
std::size_t utf8_prefix(std::string_view text);

inline bool is_utf8(std::string_view text) {
  return utf8_prefix(text) == text.size();
}

// Each byte that belongs to no well-formed sequence replaced by U+FFFD.
std::string with_replacements(std::string_view text);

}  // namespace tare::oci
