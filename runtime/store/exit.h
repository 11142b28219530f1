// SPDX-License-Identifier: Apache-2.0
//
// How a container ended. tare may not run at that time: when `create` has exited, the kernel gives
// init to another parent. What can be learned afterwards:
//   - from a zombie: its field in /proc/PID/stat, with permission to trace it;
//   - after it was reaped: from a pidfd that was open by then (Linux 6.15).
// The first command that learns it writes it into the store. Otherwise it is reported as unknown
// and never guessed.
#pragma once

#include <optional>
#include <string>

#include "oci/exit.h"
#include "runtime/errors/log.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// For a caller that has waited for the end by `pidfd`, or knows the status.
oci::Exit watched_end(const Container& container, int wait_status);
oci::Exit end_seen_by(const Container& container, int pidfd);

// For later callers: nothing if nothing is known.
std::optional<oci::Exit> known_exit(const Container& container);

// "2 processes killed, as cgroup /a/b reached its memory limit"; empty if none was.
std::string oom_words(const oci::Exit& exit);

// For the parent of init, which deletes the container now unless it keeps it: warns about OOM
// kills.
void tell_end(const Container& container, int wait_status, bool keep, const Log& log);

}  // namespace tare::runtime
