// SPDX-License-Identifier: Apache-2.0
//
// How a container ended. Nobody of ours need be there: the parent of its init is whoever the kernel
// gives it to when `create` has ended. What can be learned afterwards:
//   - from a zombie, its field in /proc/PID/stat, by who may trace it;
//   - after it was reaped, from a pidfd that was open by then (Linux 6.15).
// Who learns it writes it into the store. Else it is unknown, which is said and never guessed.
#pragma once

#include <optional>
#include <string>

#include "oci/exit.h"
#include "runtime/errors/log.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// For who has waited for the end by `pidfd`, or knows how it was.
oci::Exit watched_end(const Container& container, int wait_status);
oci::Exit end_seen_by(const Container& container, int pidfd);

// For who comes later: nothing if nothing is known.
std::optional<oci::Exit> known_exit(const Container& container);

// "2 processes killed, as cgroup /a/b reached its memory limit"; empty if none was.
std::string oom_words(const oci::Exit& exit);

// For who was its parent, and deletes it now unless it keeps it: a warning if memory was lacking.
void tell_end(const Container& container, int wait_status, bool keep, const Log& log);

}  // namespace tare::runtime
