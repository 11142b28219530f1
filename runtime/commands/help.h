// SPDX-License-Identifier: Apache-2.0
//
// The output of --help and `help`, at most 80 columns wide.
#pragma once

#include <string>
#include <string_view>

#include "runtime/command_line/command.h"

namespace tare::runtime {

// The text about an option in help and manual page: "bundle directory (default: .)".
std::string meaning(const Option& option);

std::string help_text();
std::string help_text(const Command& command);
// For the commands whose first word is `group`.
std::string help_text(std::string_view group);

}  // namespace tare::runtime
