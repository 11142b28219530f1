// SPDX-License-Identifier: Apache-2.0
//
// A connection to a D-Bus server (D-Bus Specification, "Authentication Protocol" and "Message
// Protocol"). tare has its own socket, and uses libdbus only to build and parse messages. The
// connections of libdbus accept no deadline for connect(2), no connected socket and no user ID for
// the authentication.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

struct DBusMessage;

namespace tare::cgroups {

struct UnrefMessage {
  void operator()(DBusMessage* message) const;
};
using Message = std::unique_ptr<DBusMessage, UnrefMessage>;

// The limit of every wait, except the wait for a job.
inline constexpr std::chrono::seconds patience{5};
inline constexpr char not_answered[] = "no answer within 5 seconds";

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  // Connects to the first address that accepts within `patience`. `addresses` is a list as in
  // DBUS_SYSTEM_BUS_ADDRESS. Only sockets are tried: "path", "abstract" and "runtime".
  static Result<Connection> open(const std::string& addresses);

  // Gives the message the next serial number, and returns that number.
  Result<std::uint32_t> send(DBusMessage* message, Clock::time_point deadline);

  // The next message; nothing if the deadline has passed.
  Result<Message> receive(Clock::time_point deadline);

 private:
  explicit Connection(UniqueFd socket) : socket_(std::move(socket)) {}

  Result<void> authenticate(Clock::time_point deadline);
  Result<void> write(std::string_view data, Clock::time_point deadline);
  Result<bool> read_more(Clock::time_point deadline);

  UniqueFd socket_;
  std::string input_;  // received but not yet parsed
  std::uint32_t serial_ = 0;
};

// Takes the first message from `input`; nothing if more bytes are needed. The server is not
// trusted: a message that is invalid or longer than 1 MiB is an error.
Result<Message> take_message(std::string& input);

}  // namespace tare::cgroups
