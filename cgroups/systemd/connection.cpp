// SPDX-License-Identifier: Apache-2.0
#include "cgroups/systemd/connection.h"

#include <dbus/dbus.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/progress.h"
#include "base/text.h"
#include "oci/config/id_mappings.h"

namespace tare::cgroups {

namespace {

using Clock = Connection::Clock;

constexpr char closed[] = "the connection was closed";

struct FreeString {
  void operator()(char* text) const { ::dbus_free(text); }
};
using Text = std::unique_ptr<char, FreeString>;

// ---- addresses ----------------------------------------------------------------------------------

// The name of an abstract socket begins with a null byte. In dbus-daemon(1), "runtime=yes" means
// the bus in $XDG_RUNTIME_DIR.
std::vector<std::string> socket_names(const std::string& addresses) {
  std::vector<std::string> names;
  DBusAddressEntry** entries = nullptr;
  int count = 0;
  if (::dbus_parse_address(addresses.c_str(), &entries, &count, nullptr) == 0) return names;
  for (int i = 0; i < count; ++i) {
    if (std::string_view(::dbus_address_entry_get_method(entries[i])) != "unix") continue;
    const char* path = ::dbus_address_entry_get_value(entries[i], "path");
    const char* abstract = ::dbus_address_entry_get_value(entries[i], "abstract");
    if (path != nullptr) names.emplace_back(path);
    if (abstract != nullptr) names.push_back(std::string(1, '\0') + abstract);
    const char* runtime = ::dbus_address_entry_get_value(entries[i], "runtime");
    const char* directory = ::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && directory != nullptr)
      names.push_back(std::string(directory) + "/bus");
  }
  ::dbus_address_entries_free(entries);
  return names;
}

timeval time_until(Clock::time_point deadline) {
  using std::chrono::microseconds;
  const auto left = std::chrono::ceil<microseconds>(deadline - Clock::now());
  const auto some = std::max(left, microseconds(1)).count();  // zero means no limit
  return {some / 1'000'000, some % 1'000'000};
}

// connect(2) waits while the queue of the listening socket is full. SO_SNDTIMEO limits this wait.
Result<UniqueFd> connect_to(const std::string& name, Clock::time_point deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return Error("the path of the socket is too long");
  std::memcpy(address.sun_path, name.data(), name.size());
  const bool is_abstract = name.starts_with('\0');
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error(Fault::last("socket"), "connect");
  const timeval left = time_until(deadline);
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) {
    return socket;
  }
  if (errno == EAGAIN) return Error("no connection was accepted within 5 seconds");
  return Error(Fault::last("connect"), "connect");
}

// ---- authentication -----------------------------------------------------------------------------

// The user ID outside tare's user namespace. The server compares it with the ID that it sees.
uid_t uid_outside() {
  const uid_t own = ::geteuid();
  const std::string maps = read_kernel_file(AT_FDCWD, "/proc/self/uid_map").value_or("");
  for (const oci::IDMapping& range : oci::parse_id_map(maps)) {
    if (own < range.containerID || own - range.containerID >= range.size) continue;
    return static_cast<uid_t>(range.hostID + own - range.containerID);
  }
  return own;
}

std::string in_hex(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char one : text) {
    const auto byte = static_cast<unsigned char>(one);
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

}  // namespace

Result<Connection> Connection::open(const std::string& addresses) {
  std::optional<Error> first;
  for (const std::string& name : socket_names(addresses)) {
    const auto deadline = Clock::now() + patience;
    Result<UniqueFd> socket = connect_to(name, deadline);
    if (socket.ok()) {
      Connection connection(std::move(socket).value());
      TRY(connection.authenticate(deadline));
      return connection;
    }
    if (!first) first = socket.error();
  }
  return first ? *first : Error("there is no socket address");
}

// "EXTERNAL": the server knows the user from the socket. tare sends AUTH and BEGIN together and
// then waits for the answer, because it has nothing more to send.
Result<void> Connection::authenticate(Clock::time_point deadline) {
  constexpr std::size_t longest_line = 4096;
  const std::string user = in_hex(std::to_string(uid_outside()));
  TRY(write(std::string(1, '\0') + "AUTH EXTERNAL " + user + "\r\nBEGIN\r\n", deadline));
  std::size_t end = std::string::npos;
  while ((end = input_.find("\r\n")) == std::string::npos) {
    if (input_.size() > longest_line) return Error("the server does not speak D-Bus");
    if (!TRY(read_more(deadline))) return Error(not_answered);
  }
  const std::string line = input_.substr(0, end);
  input_.erase(0, end + 2);
  if (!line.starts_with("OK ")) return Error("authentication was refused: " + printable(line));
  return {};
}

// ---- messages -----------------------------------------------------------------------------------

void UnrefMessage::operator()(DBusMessage* message) const {
  ::dbus_message_unref(message);
}

Result<std::uint32_t> Connection::send(DBusMessage* message, Clock::time_point deadline) {
  ::dbus_message_set_serial(message, ++serial_);
  char* bytes = nullptr;
  int size = 0;
  if (::dbus_message_marshal(message, &bytes, &size) == 0) std::abort();  // out of memory
  const Text owned(bytes);
  TRY(write(std::string_view(bytes, static_cast<std::size_t>(size)), deadline));
  return serial_;
}

Result<Message> Connection::receive(Clock::time_point deadline) {
  for (;;) {
    Message message = TRY(take_message(input_));
    if (message) return message;
    if (!TRY(read_more(deadline))) return Message();
  }
}

Result<Message> take_message(std::string& input) {
  constexpr int longest = 1 << 20;
  constexpr char invalid[] = "what was received is not a valid D-Bus message";
  const auto size = static_cast<int>(std::min(input.size(), std::size_t{longest}));
  const int needed = ::dbus_message_demarshal_bytes_needed(input.data(), size);
  if (needed < 0) return Error(invalid);
  if (needed > longest) return Error("a D-Bus message of more than 1 MiB was received");
  if (needed == 0 || needed > size) return Message();
  DBusError error;
  ::dbus_error_init(&error);
  Message message(::dbus_message_demarshal(input.data(), needed, &error));
  ::dbus_error_free(&error);
  if (!message) return Error(invalid);
  input.erase(0, static_cast<std::size_t>(needed));
  return message;
}

// ---- the socket ---------------------------------------------------------------------------------

namespace {

// Returns false if the deadline has passed.
Result<bool> wait_for(int socket, short events, Clock::time_point deadline) {
  Progress progress("wait for systemd");
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{socket, events, 0};
    const int ready = progress.await({&entry, 1}, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return Error(Fault::last("poll"), "wait for the bus");
  }
}

}  // namespace

Result<void> Connection::write(std::string_view data, Clock::time_point deadline) {
  while (!data.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      data.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!TRY(wait_for(socket_.get(), POLLOUT, deadline))) return Error(not_answered);
    } else if (errno != EINTR) {
      return Error(closed);
    }
  }
  return {};
}

// Returns false if the deadline has passed.
Result<bool> Connection::read_more(Clock::time_point deadline) {
  char buffer[4096];
  for (;;) {
    if (!TRY(wait_for(socket_.get(), POLLIN, deadline))) return false;
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) {
      input_.append(buffer, static_cast<std::size_t>(size));
      return true;
    }
    if (size == 0 || (errno != EINTR && errno != EAGAIN)) return Error(closed);
  }
}

}  // namespace tare::cgroups
