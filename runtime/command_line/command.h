// SPDX-License-Identifier: Apache-2.0
//
// A command: its function and its texts, in one row. Each command's file ends with its row.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime/command_line/options.h"

namespace tare::runtime {

struct CommandContext;

// These two have no default, so a row without its function or its texts does not compile.
class Function {
 public:
  using Pointer = Result<int> (*)(const CommandContext& context);  // returns the exit status

  constexpr Function(Pointer function) : function_(function) {}  // NOLINT: implicit conversion
  Function(std::nullptr_t) = delete;
  Result<int> operator()(const CommandContext& context) const { return function_(context); }

 private:
  Pointer function_;
};

struct Words : std::string_view {
  constexpr Words(const char* text) : std::string_view(text) {}  // NOLINT: implicit conversion
};

// An entry of a list in a manual page: an exit status, an environment variable, a file.
struct Term {
  const char* name;
  const char* help;
};

struct Example {
  const char* help;
  const char* command;  // lines of sh; tests/integration/test_examples.py runs them
};

struct Command {
  const char* name;       // one or two words: "mounts add"
  const char* arguments;  // "ID [SIGNAL]", as in the help
  Words summary;
  // An empty line separates paragraphs. Text in `...` is printed in bold.
  Words description;
  std::span<const Option> options;
  int least;  // minimum number of arguments
  int most;   // maximum number; -1: no limit
  Function run;
  // Everything after the first argument belongs to another program: "exec ID ls -l".
  bool options_end_at_first_argument = false;
  int failure = 1;      // exit status of an error after the command line was parsed
  bool hidden = false;  // for the build, not for users
  // Warnings go to the log or standard error by default. Not for a command whose callers read
  // standard output and standard error as one stream, or the log as one object.
  bool warns = false;
  bool uses_store = true;  // looks up containers in --root
  // The rest is for the manual page.
  std::span<const Term> statuses;  // none: 0 is success, `failure` is an error
  std::span<const Term> variables;
  std::span<const Term> files;
  std::span<const Example> examples;
  const char* see_also = "";  // pages other than tare(1), separated by spaces: "tare-start(1)"
};

}  // namespace tare::runtime
