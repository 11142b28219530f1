// SPDX-License-Identifier: Apache-2.0
//
// The command line: which commands and options there are is data (table.h), how they are read is
// one function.
//
// Callers of OCI runtimes are mostly written in Go, so words are read as Go's flag package reads
// them, and as getopt_long does where that does not contradict it:
//   --name VALUE, --name=VALUE, -name VALUE, -name=VALUE   one dash or two make no difference
//   -b VALUE, -b=VALUE, -bVALUE, -af                        letters; flags can be joined
//   --name, --name=false                                    a flag, with an optional boolean
//   --                                                      all that follows are arguments
// A value is taken whatever it looks like ("--log --debug" logs to the file "--debug").
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
  std::string_view group;            // "mounts", with `help` and without a command
  Values globals;
  Values options;
  std::vector<std::string> arguments;
  bool help = false;     // of the command, of the group, or of all commands
  bool version = false;  // nothing else was read
};

// The whole of main's arguments. `argc` of 0 is allowed. Every error has Kind::usage; `globals`, if
// it is not null, then has the options before the command as far as they could be read: the format
// of the error is one of them.
Result<Invocation> parse_command_line(int argc, const char* const argv[],
                                      Values* globals = nullptr);

// The command that `words` begin with ("mounts add" are two of them). Kind::usage if there is none.
Result<const Command*> choose_command(const std::vector<std::string>& words);

}  // namespace tare::runtime
