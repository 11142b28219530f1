// SPDX-License-Identifier: Apache-2.0
//
// Text: building messages, reading numbers strictly, and showing hostile strings safely.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tare {

// The whole of `text` as a decimal number, or nothing: no sign, space, prefix or rest is taken.
template <class Integer>
std::optional<Integer> parse_number(std::string_view text, int base = 10) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator);
// Without the newlines at its end, as the kernel and other programs put them there.
std::string_view without_newline(std::string_view text);

// "/a/b" for "/a/./c/..//b/"; ".." stops at the root, as it does in a container. By the text alone:
// what a path of config.json means is not for links of the image to say.
std::string lexically_clean(std::string_view path);

bool has_control_character(std::string_view text);

bool contains(const std::vector<std::string>& list, std::string_view word);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// `text` with control characters and invalid UTF-8 as \xNN, so that a name from a container cannot
// drive a terminal or forge a log line.
std::string printable(std::string_view text);

// The same, cut in the middle if it is long: for messages about names that may be anything.
std::string shortened(std::string_view text);

// The same as printable, in double quotes.
std::string quote(std::string_view text);

}  // namespace tare
