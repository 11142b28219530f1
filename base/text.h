// SPDX-License-Identifier: Apache-2.0
//
// Text: builds messages, parses numbers strictly, and prints hostile strings safely.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tare {

// All of `text` as a decimal number, or nothing: a sign, space, prefix or suffix is refused.
template <class Integer>
std::optional<Integer> parse_number(std::string_view text, int base = 10) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator);
// Removes newlines at the end, which the kernel and other programs add.
std::string_view without_newline(std::string_view text);

// "/a/b" for "/a/./c/..//b/"; ".." stops at the root, as in a container. Uses only the text,
// because links of the image must not change the meaning of a path in config.json.
std::string lexically_clean(std::string_view path);

bool has_control_character(std::string_view text);

bool contains(const std::vector<std::string>& list, std::string_view word);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// `text` with control characters and invalid UTF-8 as \xNN, so that a name from a container cannot
// control a terminal or forge a log line.
std::string printable(std::string_view text);

// The same, shortened in the middle if it is long: for messages about arbitrary names.
std::string shortened(std::string_view text);

// printable() in double quotes.
std::string quote(std::string_view text);

}  // namespace tare
