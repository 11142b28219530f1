// SPDX-License-Identifier: Apache-2.0
#include "oci/json/utf8.h"

#include <cstdint>
#include <cstring>

namespace tare::oci {

namespace {

// The bytes that may follow a first byte: their number, and the range of the first of them (the
// others are 80..BF). The narrow ranges exclude overlong forms, surrogates and code points above
// U+10FFFF.
struct Lead {
  unsigned char first, last;
  unsigned char following;
  unsigned char low, high;
};
constexpr Lead leads[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

// The length of the sequence at the start of `text`, 0 if it is malformed.
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (const Lead& lead : leads) {
    if (byte(0) < lead.first || byte(0) > lead.last) continue;
    if (text.size() <= lead.following || byte(1) < lead.low || byte(1) > lead.high) return 0;
    for (std::size_t i = 2; i <= lead.following; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
    }
    return 1 + std::size_t{lead.following};
  }
  return 0;
}

// The number of leading ASCII bytes, eight at a time, because most documents are ASCII.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t length = 0;
  for (std::uint64_t block; text.size() - length >= sizeof block; length += sizeof block) {
    std::memcpy(&block, text.data() + length, sizeof block);
    if ((block & 0x8080'8080'8080'8080) != 0) break;
  }
  while (length < text.size() && static_cast<unsigned char>(text[length]) < 0x80) ++length;
  return length;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) {
  std::size_t length = 0;
  for (;;) {
    length += ascii_prefix(text.substr(length));
    const std::size_t step = length < text.size() ? sequence(text.substr(length)) : 0;
    if (step == 0) return length;
    length += step;
  }
}

std::string with_replacements(std::string_view text) {
  std::string valid;
  for (;;) {
    const std::size_t length = utf8_prefix(text);
    valid += text.substr(0, length);
    if (length == text.size()) return valid;
    valid += "\xEF\xBF\xBD";
    text.remove_prefix(length + 1);
  }
}

}  // namespace tare::oci
