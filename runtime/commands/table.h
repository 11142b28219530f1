// SPDX-License-Identifier: Apache-2.0
//
// Every command and option of tare. A new command is one row in `commands` and a table of its
// options; reading them, refusing wrong ones and --help follow.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "runtime/commands/options.h"

namespace tare::runtime {

// The options that stand before the command.
std::span<const Option> global_options();

// --help, which every command takes.
const Option& help_option();

std::span<const Command> commands();

// A variable of the environment that changes what a command does.
struct Variable {
  const char* name;
  const char* help;
  const char* commands[4];  // up to a null pointer
};

// Those that this command reads.
std::vector<Variable> variables_of(const Command& command);

// Null if there is none of this name.
const Command* find_command(std::string_view name);

}  // namespace tare::runtime
