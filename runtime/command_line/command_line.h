// SPDX-License-Identifier: Apache-2.0
//
// The command line. The commands and options are data (table.h). One function parses them.
//
// Most callers of OCI runtimes are written in Go. So words are read as in Go's flag package, and as
// in getopt_long where that does not conflict:
//   --name VALUE, --name=VALUE, -name VALUE, -name=VALUE   with one dash or two
//   -b VALUE, -b=VALUE, -bVALUE, -af                        letters; flags can be joined
//   --name, --name=false                                    a flag, with an optional boolean
//   --                                                      all words after it are arguments
// A value can look like an option ("--log --debug" logs to the file "--debug").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/command_line/command.h"
#include "runtime/command_line/options.h"

namespace tare::runtime {

struct Invocation {
  const Command* command = nullptr;  // null only with `help` or `version`
  std::string_view group;            // "mounts", for `help` without a command
  Values globals;
  Values options;
  std::vector<std::string> arguments;
  bool help = false;     // for the command, the group, or all commands
  bool version = false;  // nothing else was read
};

// Parses all arguments of main. `argc` may be 0. Every error has Kind::usage. If `globals` is not
// null, it then contains the options before the command that could be read, because --error-format
// is one of them.
Result<Invocation> parse_command_line(int argc, const char* const argv[],
                                      Values* globals = nullptr);

// The command at the start of `words` ("mounts add" is two words). Kind::usage if there is none.
Result<const Command*> choose_command(const std::vector<std::string>& words);

}  // namespace tare::runtime
