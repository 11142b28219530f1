// SPDX-License-Identifier: Apache-2.0
//
// What a caller gives to a process that it has made, and what it is told of it: `create`, `run` and
// `exec` alike.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/plan/plan.h"

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

// Those of socket activation become the process's own, before those of --preserve-fds. For `create`
// and `run`: who calls `exec` is not activated for what it executes.
void pass_listening_descriptors(PlanOptions& options);

// Where a terminal's master goes when tare serves it itself.
struct ConsolePair {
  UniqueFd ours;    // it arrives here
  UniqueFd theirs;  // the process sends it there
};
Result<ConsolePair> make_console_pair();

// Where the process sends it: to the caller's socket, or without one to us.
Result<UniqueFd> console_end(const std::string& socket, UniqueFd own);

// Written beside and renamed: a reader finds all of it or nothing. No newline: callers parse it
// with Go's Atoi. Removed again unless keep() is called: its existence is taken for success.
class PidFile {
 public:
  PidFile() = default;
  // Without a path there is no file.
  static Result<PidFile> write(const std::string& path, pid_t pid);
  PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile();

  void keep() { path_.clear(); }

 private:
  std::string path_;
};

// One message on a stream socket in the file system, with `payload` and the descriptor.
Result<void> send_pidfd(const std::string& socket, const char* payload, int pidfd);

}  // namespace tare::runtime
