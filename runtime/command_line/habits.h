// SPDX-License-Identifier: Apache-2.0
//
// Hints for options and commands of docker, podman, kill(1) and ls(1) that users type from habit
// and that tare does not have.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/command_line/command.h"

namespace tare::runtime {

// About an option that `command` does not have: "-it", "--rm". Empty if there is no hint.
std::string hint_for_option(const Command& command, std::string_view word);

// About a command that tare does not have: "rm". Empty if there is no hint.
std::string_view hint_for_command(std::string_view word);

// About too few or too many arguments. Empty if there is no hint.
std::string_view hint_for_count(const Command& command, bool too_many);

}  // namespace tare::runtime
