// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/story.h"
#include "base/text.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

// Also the deadline of later sends: tare does not wait for a receiver that does not read.
Call<UniqueFd> make_socket() {
  constexpr timeval patience{socket_timeout_s, 0};
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Fault::last("socket");
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
    return Fault::last("setsockopt");
  }
  return socket;
}

Call<UniqueFd> connect_by_descriptor(const std::string& path) {
  // A descriptor's name in /proc is always short enough.
  const UniqueFd file = TRY(open_at(AT_FDCWD, path.c_str(), O_PATH));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Fault::last("fstat");
  if (!S_ISSOCK(status.st_mode)) return Fault{ENOTSOCK, "connect"};
  UniqueFd socket = TRY(make_socket());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "/proc/self/fd/" + std::to_string(file.get());
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return Fault::last("connect");
  }
  return socket;
}

}  // namespace

Result<UniqueFd> connect_socket(const std::string& path) {
  const story::Step told([&] { return "connect to " + path; });
  Call<UniqueFd> socket = connect_by_descriptor(path);
  if (socket.ok()) return std::move(socket).value();
  Error error(socket.error(), printable(path));
  if (error.error != EAGAIN) return error;
  return std::move(error).with_hint("nobody has accepted the connection in " +
                                    std::to_string(socket_timeout_s) + " seconds");
}

Result<void> send_descriptor_to(int socket, std::string_view payload, int fd) {
  const Call<void> sent = send_descriptor(socket, payload, fd);
  if (sent.ok()) return {};
  Error error = sent.error();
  if (error.error != EAGAIN) return error;
  return std::move(error).with_hint("nobody has read it in " + std::to_string(socket_timeout_s) +
                                    " seconds");
}

}  // namespace tare::runtime
