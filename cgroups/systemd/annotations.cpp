// SPDX-License-Identifier: Apache-2.0
//
// Properties from annotations: the part of GVariant's text format that unit properties need.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "cgroups/systemd/properties.h"

namespace tare::cgroups {

namespace {

constexpr std::string_view prefix = "org.systemd.property.";

using Value = std::optional<Property::Value>;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Removes a quoted string from the start of `text`.
std::optional<std::string> take_string(std::string_view& text) {
  if (!text.starts_with('\'') && !text.starts_with('"')) return std::nullopt;
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return std::nullopt;
}

Value parse_string(std::string_view text) {
  auto value = take_string(text);
  if (!value || !text.empty()) return std::nullopt;
  return std::move(*value);
}

// "['a', 'b']"
Value parse_strings(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
  text = trimmed(text.substr(1, text.size() - 2));
  std::vector<std::string> list;
  while (!text.empty()) {
    auto item = take_string(text);
    if (!item) return std::nullopt;
    list.push_back(std::move(*item));
    text = trimmed(text);
    if (text.empty()) break;
    if (!text.starts_with(',')) return std::nullopt;
    text = trimmed(text.substr(1));
  }
  return list;
}

template <class Integer>
Value parse_integer(std::string_view text) {
  if (const auto value = parse_number<Integer>(text)) return *value;
  return std::nullopt;
}

Value parse_double(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_not_of("-0123456789.") == text.npos;
  if (!plain) return std::nullopt;
  return std::strtod(std::string(text).c_str(), nullptr);
}

Value parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

struct Type {
  std::string_view word;  // "uint64 5"
  std::string_view code;  // "@t 5"
  Value (*parse)(std::string_view);
};
constexpr Type types[] = {
    {"boolean", "@b", parse_bool},
    {"int32", "@i", parse_integer<std::int32_t>},
    {"uint32", "@u", parse_integer<std::uint32_t>},
    {"int64", "@x", parse_integer<std::int64_t>},
    {"uint64", "@t", parse_integer<std::uint64_t>},
    {"double", "@d", parse_double},
    {"string", "@s", parse_string},
    {"", "@as", parse_strings},
};

Value parse_value(std::string_view text) {
  text = trimmed(text);
  const std::size_t space = text.find(' ');
  for (const Type& type : types) {
    const std::string_view word = text.substr(0, space);
    if (space == text.npos || (word != type.word && word != type.code)) continue;
    return type.parse(trimmed(text.substr(space)));
  }
  // Without a type prefix the text determines the type.
  for (const auto parse :
       {parse_bool, parse_string, parse_strings, parse_integer<std::int32_t>, parse_double}) {
    if (auto value = parse(text)) return value;
  }
  return std::nullopt;
}

bool is_property_name(std::string_view name) {
  return name.size() >= 3 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

// On the bus no property is in seconds: "TimeoutStopSec" is TimeoutStopUSec there.
Value in_microseconds(const Property::Value& seconds) {
  constexpr double microseconds = 1e6;
  const auto to_value = [](auto number) -> Value {
    using Number = decltype(number);
    if constexpr (std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>) {
      const double value = static_cast<double>(number) * microseconds;
      if (value >= 0 && value < 1e18) return static_cast<std::uint64_t>(value);
    }
    return std::nullopt;
  };
  return std::visit(to_value, seconds);
}

}  // namespace

Result<std::vector<Property>> annotated_properties(
    const std::map<std::string, std::string>& annotations) {
  std::vector<Property> list;
  for (const auto& [key, text] : annotations) {
    if (!key.starts_with(prefix)) continue;
    const std::string at = "/annotations/" + printable(key);
    std::string name = key.substr(prefix.size());
    if (!is_property_name(name)) {
      return Error::config(at, quote(name) + " is not the name of a systemd unit property");
    }
    Value value = parse_value(text);
    if (value && name.ends_with("Sec") && !name.ends_with("USec")) {
      name.insert(name.size() - 3, "U");
      value = in_microseconds(*value);
    }
    if (!value || printable(text) != text) {
      return Error::config(at, quote(shortened(text)) +
                                   " is not a property value, such as true, 'text', uint64 5 or "
                                   "['a', 'b']");
    }
    list.push_back({std::move(name), std::move(*value)});
  }
  return list;
}

}  // namespace tare::cgroups
