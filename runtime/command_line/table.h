// SPDX-License-Identifier: Apache-2.0
//
// Looks up commands and options. The commands themselves are in runtime/commands/rows.h.
#pragma once

#include <span>
#include <string_view>

#include "runtime/command_line/command.h"

namespace tare::runtime {

// The options before the command.
std::span<const Option> global_options();

// --help, which every command has.
const Option& help_option();

// In the order of the help: runtime/commands/rows.cpp.
std::span<const Command* const> commands();

// Null if no command has this name: "create", "mounts add".
const Command* find_command(std::string_view name);

// "mounts", if `word` is the first of the two words of a command. Otherwise empty.
std::string_view find_group(std::string_view word);
bool is_in_group(const Command& command, std::string_view group);

}  // namespace tare::runtime
