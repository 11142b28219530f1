// SPDX-License-Identifier: Apache-2.0
//
// The command line: which options there are is data (table.h), how they are read is one function.
//
// Callers of OCI runtimes are mostly written in Go, so words are read as Go's flag package reads
// them, and as getopt_long does where that does not contradict it:
//   --name VALUE, --name=VALUE, -name VALUE, -name=VALUE   one dash or two make no difference
//   -b VALUE, -b=VALUE, -bVALUE, -af                        letters; flags can be joined
//   --name, --name=false                                    a flag, with an optional boolean
//   --                                                      all that follows are arguments
// A value is taken whatever it looks like ("--log --debug" logs to the file "--debug").
#pragma once

#include <cstdint>
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

struct Command {
  const char* name;
  const char* arguments;  // "ID [SIGNAL]", as help shows them
  const char* summary;
  std::span<const Option> options;
  int least;  // how many arguments
  int most;   // -1: no limit
  // What follows the first argument is not ours to read: "exec ID ls -l".
  bool options_end_at_first_argument = false;
  int failure = 1;      // exit status of an error, once the command line is understood
  bool hidden = false;  // for the build, not for people
  // Warnings go to the log, or standard error, unasked. Not of a command of which callers read
  // standard output and standard error as one, or the log as one object.
  bool warns = false;
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

struct Invocation {
  const Command* command = nullptr;  // null only with `help` or `version`
  Values globals;
  Values options;
  std::vector<std::string> arguments;
  bool help = false;     // of the command, or of all when there is none
  bool version = false;  // nothing else was looked at
};

// The whole of main's arguments. `argc` of 0 is allowed. Every error has Kind::usage; `globals`, if
// it is not null, has the options before the command then, as far as they could be read: how to
// tell of the error is among them.
Result<Invocation> parse_command_line(int argc, const char* const argv[],
                                      Values* globals = nullptr);

// What --help prints: at most 80 columns.
// What help and the manual page say of an option: "the folder with config.json (default: .)".
std::string meaning(const Option& option);
std::string help_text();
std::string help_text(const Command& command);

// The row of an option by its name, without dashes; null if there is none.
const Option* find_option(std::span<const Option> table, std::string_view name);

}  // namespace tare::runtime
