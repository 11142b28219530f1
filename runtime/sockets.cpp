// SPDX-License-Identifier: Apache-2.0
#include "runtime/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace tare::runtime {

Result<UniqueFd> connect_socket(const std::string& path) {
  const auto connect_by_descriptor = [&]() -> Call<UniqueFd> {
    // A descriptor's name in /proc is always short enough.
    const UniqueFd file = TRY(open_at(AT_FDCWD, path.c_str(), O_PATH));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return Fault::last("fstat");
    if (!S_ISSOCK(status.st_mode)) return Fault{ENOTSOCK, "connect"};
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return Fault::last("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "/proc/self/fd/" + std::to_string(file.get());
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    // Not blocking: EAGAIN, not a wait, if nobody accepts.
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      return Fault::last("connect");
    }
    if (::fcntl(socket.get(), F_SETFL, 0) != 0) return Fault::last("fcntl");
    return socket;
  };
  return connect_by_descriptor().because(printable(path));
}

}  // namespace tare::runtime
