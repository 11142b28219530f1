// SPDX-License-Identifier: Apache-2.0
//
// Hints for what people type from habit: options and commands of docker, podman, kill(1) and ls(1)
// that tare does not have.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/command_line/command.h"

namespace tare::runtime {

// About an option that `command` does not take: "-it", "--rm". Empty if nothing is known.
std::string hint_for_option(const Command& command, std::string_view word);

// About a command that tare does not have: "rm". Empty if nothing is known.
std::string_view hint_for_command(std::string_view word);

// About too few or too many arguments. Empty if nothing is known.
std::string_view hint_for_count(const Command& command, bool too_many);

}  // namespace tare::runtime
