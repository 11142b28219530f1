// SPDX-License-Identifier: Apache-2.0
//
// A child joins the namespaces to inspect, so that tare itself does not change its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"

namespace tare::runtime {

// Runs in the child and writes what it finds to `output`. Its Fault becomes the exit status.
using ChildTask = std::function<Call<void>(int output)>;

// Returns the output of the child, of at most `limit` bytes (EFBIG), within `patience` (ETIMEDOUT).
// `why` is the context of an error, and `why_in_child` the context of an error of the task.
Result<std::string> read_from_child(const std::string& why, const std::string& why_in_child,
                                    std::size_t limit, const ChildTask& task,
                                    std::chrono::milliseconds patience = std::chrono::seconds(30));

// The first `most` bytes of a file of /proc/PID that is in the memory of the process, or is read
// under its locks. ETIMEDOUT after 5 seconds.
Result<std::string> read_memory_of(pid_t pid, const char* name, std::size_t most);

}  // namespace tare::runtime
