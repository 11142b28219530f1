// SPDX-License-Identifier: Apache-2.0
//
// What execve(2) gave the container's init, as far as the kernel still shows it: the texts are in
// the memory of the process, which may have overwritten them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/look/found.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

struct ProgramNow {
  bool is_configured = false;              // /proc/PID/exe is a file that args[0] names
  bool is_blocked = false;                 // the process lets nobody read its memory
  std::size_t room = 0;                    // for arguments; 0 if it may not be known
  std::optional<std::string> arguments;    // cmdline: a NUL after each
  std::optional<std::string> environment;  // environ
};

ProgramNow look_at_program(pid_t pid, const Plan& plan, bool is_configured);

// The size of the memory that execve(2) has filled with arguments, from proc(5) stat. The program
// cannot change it without a privilege (PR_SET_MM).
std::size_t room_for_arguments(std::string_view stat);

// Compares process.args and process.env as long as init is the program that args names and has not
// overwritten its arguments. A script counts: execve(2) puts the interpreter before it.
void compare_program(const Plan& plan, const ProgramNow& now, Found& found);

}  // namespace tare::runtime
