// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// The deadline for a peer: for its accept(2), and for each message to be read.
inline constexpr int socket_timeout_s = 5;

// Connects to a stream socket in the file system. The path may be longer than sockaddr_un allows.
// EAGAIN, with a hint: the deadline has passed.
Result<UniqueFd> connect_socket(const std::string& path);

// send_descriptor (do/messages.h) on such a socket, with the same deadline.
Result<void> send_descriptor_to(int socket, std::string_view payload, int fd);

}  // namespace tare::runtime
