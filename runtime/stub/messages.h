// SPDX-License-Identifier: Apache-2.0
//
// Messages between processes: Reports on the launch's channel, descriptors on sockets of callers.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

Call<void> send_report(int channel, const stub::Report& report);

// The next report, or nothing if the peer is gone.
Call<std::optional<stub::Report>> receive_report(int channel);

// One message with `payload` and one descriptor (SCM_RIGHTS), as callers expect on
// --console-socket.
Call<void> send_descriptor(int socket, std::string_view payload, int fd);
Call<UniqueFd> receive_descriptor(int socket);

// Reads one message into `payload`, and the descriptor that came with it, if any. Returns the
// number of bytes; 0: the peer is gone.
Call<std::size_t> receive_message(int socket, std::span<char> payload, UniqueFd& descriptor);

}  // namespace tare::runtime
