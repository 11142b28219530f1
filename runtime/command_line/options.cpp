// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/options.h"

#include <climits>
#include <cstdlib>
#include <optional>

#include "base/text.h"

namespace tare::runtime {

namespace {

Error usage(std::string words) {
  return Error(Error::Kind::usage, std::move(words));
}

std::optional<int> parse_count(std::string_view word) {
  const auto number = parse_number<unsigned>(word);
  if (!number || *number > unsigned{INT_MAX}) return std::nullopt;
  return static_cast<int>(*number);
}

bool is_choice(const Option& option, std::string_view word) {
  for (const std::string_view choice : split(option.value, '|')) {
    if (word == choice) return true;
  }
  return false;
}

bool has_choices(const Option& option) {
  return option.takes == Option::Takes::text &&
         std::string_view(option.value).find('|') != std::string_view::npos;
}

}  // namespace

std::optional<bool> parse_bool(std::string_view word) {
  for (const std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "0", "f", "F", "FALSE", "False"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

const Option* find_option(std::span<const Option> table, std::string_view name) {
  for (const Option& option : table) {
    if (name == option.name) return &option;
  }
  return nullptr;
}

const Option& Values::known(std::string_view name) const {
  const Option* option = find_option(table_, name);
  if (option == nullptr) std::abort();
  return *option;
}

const std::string* Values::last(const Option& option) const {
  for (auto pair = given_.rbegin(); pair != given_.rend(); ++pair) {
    if (pair->first == &option) return &pair->second;
  }
  return nullptr;
}

bool Values::has(std::string_view name) const {
  const Option& option = known(name);
  const std::string* value = last(option);
  if (value == nullptr) return false;
  return option.takes != Option::Takes::flag || parse_bool(*value).value_or(false);
}

std::string Values::text(std::string_view name) const {
  const char* fallback = known(name).fallback;
  return text(name, fallback == nullptr ? "" : fallback);
}

std::string Values::text(std::string_view name, std::string_view otherwise) const {
  const std::string* value = last(known(name));
  return value == nullptr ? std::string(otherwise) : *value;
}

int Values::count(std::string_view name) const {
  return parse_count(text(name)).value_or(0);
}

std::vector<std::string> Values::all(std::string_view name) const {
  const Option& option = known(name);
  std::vector<std::string> values;
  for (const auto& [given, value] : given_) {
    if (given == &option) values.push_back(value);
  }
  return values;
}

Result<void> Values::add(const Option& option, std::string value) {
  const std::string given = "--" + std::string(option.name) + "=" + printable(value);
  if (option.takes == Option::Takes::flag && !parse_bool(value)) {
    return usage("invalid " + given + ": must be true or false");
  }
  if (option.takes == Option::Takes::count && !parse_count(value)) {
    return usage("invalid " + given + ": must be a number from 0 to 2147483647");
  }
  if (has_choices(option) && !is_choice(option, value)) {
    return usage("invalid " + std::string(option.name) + ": " + printable(value));
  }
  given_.emplace_back(&option, std::move(value));
  return {};
}

}  // namespace tare::runtime
