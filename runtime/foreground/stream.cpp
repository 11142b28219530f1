// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

#include "base/file.h"
#include "runtime/foreground/terminal_master.h"

namespace tare::runtime {

namespace {

// A pipe that poll(2) reports as writable accepts this much at once, pipe(7).
constexpr std::size_t room_of_pipe = PIPE_BUF;
// A terminal's buffer gets room in units of 256 bytes, and each byte may become two ("\r\n").
constexpr std::size_t room_of_terminal = 128;

UniqueFd open_again(int fd, int access) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return open_at(AT_FDCWD, path.c_str(), access | O_NONBLOCK | O_NOCTTY).value_or(UniqueFd());
}

template <class Transfer>
Call<std::size_t> transfer(const char* call, Transfer move) {
  for (;;) {
    const ssize_t count = move();
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return Fault::last(call);
  }
}

}  // namespace

Stream::Stream(int fd, int access) : fd_(fd), room_(std::numeric_limits<std::size_t>::max()) {
  struct stat status {};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) != 0 || ::fstat(fd, &status) != 0) return;
  is_socket_ = S_ISSOCK(status.st_mode);
  const bool is_pipe = S_ISFIFO(status.st_mode);
  const bool is_terminal = S_ISCHR(status.st_mode) && ::isatty(fd) != 0;
  if (!is_pipe && !is_terminal) return;
  // Opening a master again gives another pseudoterminal.
  if (!is_master(fd)) own_ = open_again(fd, access);
  if (!own_) room_ = is_pipe ? room_of_pipe : room_of_terminal;
}

Stream Stream::input(int fd) {
  return {fd, O_RDONLY};
}
Stream Stream::output(int fd) {
  return {fd, O_WRONLY};
}

Call<std::size_t> Stream::read(std::span<char> space) const {
  if (is_socket_) {
    return transfer("recv", [&] { return ::recv(fd_, space.data(), space.size(), MSG_DONTWAIT); });
  }
  return transfer("read", [&] { return ::read(fd(), space.data(), space.size()); });
}

Call<std::size_t> Stream::write(std::string_view data) const {
  if (is_socket_) {
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return transfer("send", [&] { return ::send(fd_, data.data(), data.size(), flags); });
  }
  const std::size_t size = std::min(data.size(), room_);
  return transfer("write", [&] { return ::write(fd(), data.data(), size); });
}

}  // namespace tare::runtime
