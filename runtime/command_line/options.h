// SPDX-License-Identifier: Apache-2.0
//
// The options of tare and its commands, and their values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tare::runtime {

struct Option {
  enum class Takes : std::uint8_t {
    flag,  // no value, or =BOOL in the words of Go's strconv.ParseBool
    text,
    count,  // a decimal number from 0 to 2^31-1
  };

  const char* name;
  char letter = 0;  // 0: none
  Takes takes = Takes::flag;
  // The name of the value in the help. "text|json" is also a check: no other words are accepted.
  const char* value = nullptr;
  const char* help = "";
  const char* fallback = nullptr;  // the default value, shown in the help
  bool repeatable = false;         // all values are kept; otherwise the last one wins
  bool hidden = false;             // accepted for callers, not shown
};

// The options on the command line. Asking for a name that is not in the table is a bug and aborts.
class Values {
 public:
  explicit Values(std::span<const Option> table = {}) : table_(table) {}

  // A flag: true if it was given, and not as "=false". Other options: true if they were given.
  [[nodiscard]] bool has(std::string_view name) const;
  // The last value, or the default of the table, or "".
  [[nodiscard]] std::string text(std::string_view name) const;
  // The last value, or `otherwise`: for a default that is not known at compile time.
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;
  // The same for an option with a count; 0 if there is no default.
  [[nodiscard]] int count(std::string_view name) const;
  // All values, in order.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

  // Error::Kind::usage if the option does not accept the value.
  Result<void> add(const Option& option, std::string value);

 private:
  [[nodiscard]] const Option& known(std::string_view name) const;
  [[nodiscard]] const std::string* last(const Option& option) const;

  std::span<const Option> table_;
  std::vector<std::pair<const Option*, std::string>> given_;
};

// true or false in the words of Go's strconv.ParseBool. Nothing for other words.
std::optional<bool> parse_bool(std::string_view word);

// The row of an option with this name, without dashes. Null if there is none.
const Option* find_option(std::span<const Option> table, std::string_view name);

}  // namespace tare::runtime
