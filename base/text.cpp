// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <algorithm>

#include <cstddef>

namespace tare {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::string_view without_newline(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

std::string lexically_clean(std::string_view path) {
  std::string cleaned;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      cleaned.append("/").append(part);
    } else if (!cleaned.empty()) {
      cleaned.resize(cleaned.rfind('/'));
    }
  }
  return cleaned.empty() ? "/" : cleaned;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7F;
  });
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

namespace {

// The length of the well-formed UTF-8 sequence at the start of `text`, or 0 (Unicode, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto within = [&](std::size_t i, int low, int high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  if (byte(0) < 0x80) return 1;
  if (within(0, 0xC2, 0xDF)) return within(1, 0x80, 0xBF) ? 2 : 0;
  if (within(0, 0xE0, 0xEF)) {
    const int low = byte(0) == 0xE0 ? 0xA0 : 0x80;
    const int high = byte(0) == 0xED ? 0x9F : 0xBF;
    return within(1, low, high) && within(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (within(0, 0xF0, 0xF4)) {
    const int low = byte(0) == 0xF0 ? 0x90 : 0x80;
    const int high = byte(0) == 0xF4 ? 0x8F : 0xBF;
    return within(1, low, high) && within(2, 0x80, 0xBF) && within(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string shown;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = sequence_length(text);
    const bool c1_control =
        length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || first < 0x20 || first == 0x7F || c1_control) {
      shown += {'\\', 'x', digits[first >> 4], digits[first & 15]};
      text.remove_prefix(1);
    } else {
      shown += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return shown;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 256;
  if (text.size() <= most) return printable(text);
  return printable(text.substr(0, most / 2)) + "...(" + std::to_string(text.size()) + " bytes)..." +
         printable(text.substr(text.size() - most / 4));
}

std::string quote(std::string_view text) {
  return '"' + printable(text) + '"';
}

}  // namespace tare
