// SPDX-License-Identifier: Apache-2.0
//
// What a caller gives to a process that it has made, and what it is told of it: `create`, `run` and
// `exec` alike.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

struct TerminalWish {
  bool terminal = false;
  bool has_socket = false;
  bool detaches = false;  // nobody stays to serve a terminal
};
Result<void> check_terminal(const TerminalWish& wish);

// How many descriptors systemd's protocol passes to this process (sd_listen_fds(3)): LISTEN_FDS is
// meant for it only if LISTEN_PID says so.
int listen_descriptors();

// Where a terminal's master goes when tare serves it itself.
struct ConsolePair {
  UniqueFd ours;    // it arrives here
  UniqueFd theirs;  // the process sends it there
};
Result<ConsolePair> make_console_pair();

// Written beside and renamed: a reader finds all of it or nothing. No newline: callers parse it
// with Go's Atoi.
Result<void> write_pid_file(const std::string& path, pid_t pid);

// One message on a stream socket in the file system, with `payload` and the descriptor.
Result<void> send_pidfd(const std::string& socket, const char* payload, int pidfd);

}  // namespace tare::runtime
