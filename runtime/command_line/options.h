// SPDX-License-Identifier: Apache-2.0
//
// The options of tare and of its commands, and what they were given.
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
    flag,  // nothing, or =BOOL in the words of Go's strconv.ParseBool
    text,
    count,  // a decimal number from 0 to 2^31-1
  };

  const char* name;
  char letter = 0;  // 0: none
  Takes takes = Takes::flag;
  // What help calls the value. "text|json" also is the check: only these words are taken.
  const char* value = nullptr;
  const char* help = "";
  const char* fallback = nullptr;  // the value when it is not given; shown in help
  bool repeatable = false;         // every value counts; otherwise the last one wins
  bool hidden = false;             // taken for the sake of callers, not shown
};

// The options that were given. Asking for a name that is not in the table is a bug: it aborts.
class Values {
 public:
  explicit Values(std::span<const Option> table = {}) : table_(table) {}

  // A flag: that it was given and is not "=false". Others: that they were given.
  [[nodiscard]] bool has(std::string_view name) const;
  // The last value given, or the table's fallback, or "".
  [[nodiscard]] std::string text(std::string_view name) const;
  // The last value given, or `otherwise`: for what cannot be known when the table is compiled.
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;
  // The same for an option that takes a count; 0 where there is no fallback.
  [[nodiscard]] int count(std::string_view name) const;
  // Every value given, in order.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

  // Error::Kind::usage when the option does not take this value.
  Result<void> add(const Option& option, std::string value);

 private:
  [[nodiscard]] const Option& known(std::string_view name) const;
  [[nodiscard]] const std::string* last(const Option& option) const;

  std::span<const Option> table_;
  std::vector<std::pair<const Option*, std::string>> given_;
};

// true and false in the words of Go's strconv.ParseBool; nothing for other words.
std::optional<bool> parse_bool(std::string_view word);

// The row of an option by its name, without dashes; null if there is none.
const Option* find_option(std::span<const Option> table, std::string_view name);

}  // namespace tare::runtime
