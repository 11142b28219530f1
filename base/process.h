// SPDX-License-Identifier: Apache-2.0
//
// Naming a process so that it cannot be mistaken for another: its pid with its start time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare {

struct ProcessStatus {
  char state = '?';              // proc(5) stat field 3: R, S, D, Z, X, ...
  int threads = 0;               // field 20
  std::uint64_t start_time = 0;  // field 22, clock ticks since boot
  // Field 52, as wait(2) gives it, of a zombie. The kernel writes 0 for who may not know.
  int wait_status = 0;
};

// Nothing if there is no such process.
std::optional<ProcessStatus> process_status(pid_t pid);

// True if the process that had this start time runs: a zombie does not. A process whose first
// thread has ended looks like one, and has other threads.
bool is_running(pid_t pid, std::uint64_t start_time);

// Waits for a child's end; how it ended, as wait(2) gives it. Safe after clone.
int reap(pid_t pid);

// What a shell makes of how a process ended: its own code, or 128 + the signal that ended it.
int exit_status(int wait_status);

// The file `name` of /proc/PID, of the procfs that the caller sees.
Call<std::string> read_proc(pid_t pid, const char* name);
Call<void> write_proc(pid_t pid, const char* name, std::string_view value);

// What proc(5) status says about `name`: "NSpid:\t17\t1" as "17\t1". Empty if it says nothing.
std::string_view status_field(std::string_view status, std::string_view name);

// The strings, and `last` if it is not empty, as execve(2) takes arguments or an environment. They
// must outlive the list.
std::vector<char*> execve_list(const std::vector<std::string>& strings,
                               const std::string& last = "");

// /proc/sys/kernel/random/boot_id: with it, a pid from before a reboot is nobody.
Call<std::string> boot_id();

}  // namespace tare
