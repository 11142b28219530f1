// SPDX-License-Identifier: Apache-2.0
//
// sd_notify(3) of a container: its program reports that it is ready, and tare forwards that to the
// service manager that started it (NOTIFY_SOCKET in tare's environment), with the main process. The
// container's socket is in a directory of the store, which is mounted as /run/notify.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"

namespace tare::runtime {

// Whether the caller has NOTIFY_SOCKET.
bool is_notified();

// Gives the directory (a path on the host) and the variable to the container's program.
void add_notify_socket(oci::Config& config, const std::string& directory);

// Whether a message of sd_notify(3) has the line READY=1.
bool says_ready(std::string_view message);

class Notifier {
 public:
  // Nothing if the caller has no NOTIFY_SOCKET, or the container was created without one.
  // `directory` is the container's in the store.
  static Result<std::optional<Notifier>> bind(int directory);

  // Readable when the container has sent something; -1 when no more is expected.
  [[nodiscard]] int fd() const { return socket_.get(); }
  // Reads one message. Forwards READY=1 to the caller, with `pid` as MAINPID, and nothing else.
  Result<void> take(pid_t pid);
  // Waits until the program is ready or has ended. No deadline, because the service manager has
  // one.
  Result<void> await_ready(pid_t pid, int pidfd);

 private:
  explicit Notifier(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

}  // namespace tare::runtime
