// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 (RFC 3629), the only encoding of JSON text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tare::oci {

// The length in bytes of the longest well-formed prefix.
std::size_t utf8_prefix(std::string_view text);

inline bool is_utf8(std::string_view text) {
  return utf8_prefix(text) == text.size();
}

// Replaces each byte outside a well-formed sequence by U+FFFD.
std::string with_replacements(std::string_view text);

}  // namespace tare::oci
