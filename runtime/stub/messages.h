// SPDX-License-Identifier: Apache-2.0
//
// Messages between processes: Reports on the launch's channel, descriptors on sockets of callers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

Call<void> send_report(int channel, const stub::Report& report);

// The next report, or nothing if the peer is gone.
Call<std::optional<stub::Report>> receive_report(int channel);

// A report with the pid of the process that sent it, as the kernel knows it (unix(7),
// SCM_CREDENTIALS); 0 before name_senders() was called for the channel.
struct Received {
  stub::Report report;
  pid_t sender = 0;
};
Call<void> name_senders(int channel);
Call<std::optional<Received>> receive_from(int channel);

// The same with descriptors, of which one message takes this many.
inline constexpr std::size_t most_descriptors = 253;  // SCM_MAX_FD
Call<void> send_report_with(int channel, const stub::Report& report, std::span<const int> fds);
// Those that come are put behind the others. EMFILE: there was no room for all.
Call<std::optional<stub::Report>> receive_report_with(int channel, std::vector<UniqueFd>& fds);

// One message with `payload` and one descriptor (SCM_RIGHTS), as callers expect on
// --console-socket.
Call<void> send_descriptor(int socket, std::string_view payload, int fd);
Call<UniqueFd> receive_descriptor(int socket);

// Reads one message into `payload`, and the descriptor that came with it, if any. Returns the
// number of bytes; 0: the peer is gone.
Call<std::size_t> receive_message(int socket, std::span<char> payload, UniqueFd& descriptor);

}  // namespace tare::runtime
