// SPDX-License-Identifier: Apache-2.0
//
// sd_notify(3) of a container: its program tells that it is ready, and the service manager that has
// started tare (NOTIFY_SOCKET in tare's environment) hears of it, and which process is the main
// one. The container's end is a socket in a directory of the store, which it sees as /run/notify.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"

namespace tare::runtime {

// Whether the caller wants to be told.
bool is_notified();

// Gives the container's program the directory (a path on the host) and the variable.
void add_notify_socket(oci::Config& config, const std::string& directory);

class Notifier {
 public:
  // Nothing if the caller does not want to know, or the container was created for one that did not.
  // `directory` is the container's in the store.
  static Result<std::optional<Notifier>> bind(int directory);

  // Readable when the container has said something; -1 when there is nothing more to be told.
  [[nodiscard]] int fd() const { return socket_.get(); }
  // Takes one message. READY=1 goes on to the caller, with `pid` as MAINPID; nothing else does.
  Result<void> take(pid_t pid);
  // Until it was ready, or has ended. There is no deadline: the service manager has one.
  Result<void> await_ready(pid_t pid, int pidfd);

 private:
  explicit Notifier(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

}  // namespace tare::runtime
