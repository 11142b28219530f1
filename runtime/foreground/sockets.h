// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// How long a peer may keep tare waiting: for its accept(2), and each time that it does not read.
inline constexpr int socket_timeout_s = 5;

// Connects to a stream socket in the file system. Its path may be longer than sockaddr_un takes.
// EAGAIN, with a hint: the deadline is over.
Result<UniqueFd> connect_socket(const std::string& path);

// send_descriptor (do/messages.h) on such a socket, with the same deadline.
Result<void> send_descriptor_to(int socket, std::string_view payload, int fd);

}  // namespace tare::runtime
