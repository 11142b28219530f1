// SPDX-License-Identifier: Apache-2.0
//
// Naming a process so that it cannot be mistaken for another: its pid with its start time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace tare {

struct ProcessStatus {
  char state = '?';              // proc(5) stat field 3: R, S, D, Z, X, ...
  std::uint64_t start_time = 0;  // field 22, clock ticks since boot
};

// Nothing if there is no such process.
std::optional<ProcessStatus> process_status(pid_t pid);

// True if the process that had this start time runs: a zombie does not.
bool is_running(pid_t pid, std::uint64_t start_time);

// /proc/sys/kernel/random/boot_id: with it, a pid from before a reboot is nobody.
Call<std::string> boot_id();

}  // namespace tare
