// SPDX-License-Identifier: Apache-2.0
//
// What --help and `help` print: at most 80 columns.
#pragma once

#include <string>
#include <string_view>

#include "runtime/command_line/command.h"

namespace tare::runtime {

// What help and the manual page say about an option: "bundle directory (default: .)".
std::string meaning(const Option& option);

std::string help_text();
std::string help_text(const Command& command);
// Of the commands whose first word is `group`.
std::string help_text(std::string_view group);

}  // namespace tare::runtime
