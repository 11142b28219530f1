// SPDX-License-Identifier: Apache-2.0
//
// Identifies a process by its pid and start time, because a pid alone can be reused.
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
  // Field 52, of a zombie: its status as in wait(2). The kernel shows 0 without permission to trace
  // it.
  int wait_status = 0;
};

// The text of /proc/PID/stat. Returns nothing if it has no start time.
std::optional<ProcessStatus> parse_stat(std::string_view stat);

// Returns nothing if the process does not exist.
std::optional<ProcessStatus> process_status(pid_t pid);

// True if the process with this start time is running, so not for a zombie. A process whose first
// thread has exited looks like a zombie, but has other threads. A fault if that cannot be known:
// such a process must be neither taken for dead nor sent a signal.
Call<bool> is_running(pid_t pid, std::uint64_t start_time);

// Waits until a child exits; returns its status as in wait(2). Safe after clone.
int reap(pid_t pid);

// The exit status as a shell reports it: the process's own, or 128 + the signal that ended it.
int exit_status(int wait_status);

// The file `name` of /proc/PID, of the procfs that the caller sees.
Call<std::string> read_proc(pid_t pid, const char* name);
Call<void> write_proc(pid_t pid, const char* name, std::string_view value);

// The value of `name` in proc(5) status: "17\t1" for "NSpid:\t17\t1". Empty if there is none.
std::string_view status_field(std::string_view status, std::string_view name);

// The strings, and `last` if it is not empty, in the form that execve(2) takes. They must outlive
// the list.
std::vector<char*> execve_list(const std::vector<std::string>& strings,
                               const std::string& last = "");

// /proc/sys/kernel/random/boot_id. A pid of an earlier boot is not valid any more.
Call<std::string> boot_id();

}  // namespace tare
