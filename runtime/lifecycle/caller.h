// SPDX-License-Identifier: Apache-2.0
//
// What `create`, `run` and `exec` pass from their caller to the process, and report back.
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
  bool detaches = false;  // tare exits and cannot serve a terminal
};
Result<void> check_terminal(const TerminalWish& wish);

// The number of descriptors that systemd passes to this process (sd_listen_fds(3)). LISTEN_FDS is
// valid only if LISTEN_PID is this process.
int listen_descriptors();

// Descriptors of socket activation are passed on before those of --preserve-fds. Only for `create`
// and `run`: the caller of `exec` is not activated for the program.
void pass_listening_descriptors(PlanOptions& options);

// The socket for a terminal's master if tare serves the terminal itself.
struct ConsolePair {
  UniqueFd ours;    // receives the master
  UniqueFd theirs;  // for the process to send it
};
Result<ConsolePair> make_console_pair();

// The socket that the process sends it to: the caller's, or ours.
Result<UniqueFd> console_end(const std::string& socket, UniqueFd own);

// Written to a temporary file and renamed, so readers see all of it or nothing. No newline, because
// callers parse it with Go's Atoi. Removed again unless keep() is called, because callers take the
// file for success.
class PidFile {
 public:
  PidFile() = default;
  // Opens the directory, so that a wrong path is an error before there is a process. Without a path
  // no file is written.
  static Result<PidFile> in(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile();

  Result<void> write(pid_t pid);
  void keep() { is_written_ = false; }

 private:
  UniqueFd directory_;
  std::string path_;
  std::string name_;
  bool is_written_ = false;
};

// Sends one message with `payload` and the descriptor on a stream socket in the file system.
Result<void> send_pidfd(const std::string& socket, const char* payload, int pidfd);

}  // namespace tare::runtime
