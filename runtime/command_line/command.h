// SPDX-License-Identifier: Apache-2.0
//
// A command: its function and its words, in one row. Each command's file ends with its row.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime/command_line/options.h"

namespace tare::runtime {

struct CommandContext;

// These two have no default: a row without its function or its words does not compile.
class Function {
 public:
  using Pointer = Result<int> (*)(const CommandContext& context);  // the result: the exit status

  constexpr Function(Pointer function) : function_(function) {}  // NOLINT: a row names it
  Function(std::nullptr_t) = delete;
  Result<int> operator()(const CommandContext& context) const { return function_(context); }

 private:
  Pointer function_;
};

struct Words : std::string_view {
  constexpr Words(const char* text) : std::string_view(text) {}  // NOLINT: a row names them
};

// What a manual page explains in a list: a status, a variable, a file.
struct Term {
  const char* name;
  const char* help;
};

struct Example {
  const char* help;
  const char* command;  // lines of sh; tests/integration/test_examples.py runs them
};

struct Command {
  const char* name;       // one word or two: "mounts add"
  const char* arguments;  // "ID [SIGNAL]", as help shows them
  Words summary;
  // Paragraphs are separated by an empty line; `...` is set in bold.
  Words description;
  std::span<const Option> options;
  int least;  // how many arguments
  int most;   // -1: no limit
  Function run;
  // What follows the first argument is not ours to read: "exec ID ls -l".
  bool options_end_at_first_argument = false;
  int failure = 1;      // exit status of an error, once the command line is understood
  bool hidden = false;  // for the build, not for people
  // Warnings go to the log, or standard error, unasked. Not of a command of which callers read
  // standard output and standard error as one, or the log as one object.
  bool warns = false;
  bool uses_store = true;  // it looks up containers in --root
  // The rest is for the manual page.
  std::span<const Term> statuses;  // none: 0 is success, `failure` an error
  std::span<const Term> variables;
  std::span<const Term> files;
  std::span<const Example> examples;
  const char* see_also = "";  // pages besides tare(1), separated by spaces: "tare-start(1)"
};

}  // namespace tare::runtime
