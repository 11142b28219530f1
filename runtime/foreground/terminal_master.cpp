// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/terminal_master.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tare::runtime {

bool is_master(int fd) {
  unsigned number = 0;
  return ::ioctl(fd, TIOCGPTN, &number) == 0;
}

Result<Terminal> Terminal::open(UniqueFd master) {
  const auto begin = [&]() -> Call<UniqueFd> {
    const int flags = ::fcntl(master.get(), F_GETFL);
    if (flags < 0 || ::fcntl(master.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
      return Fault::last("fcntl");
    }
    UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
    if (!events) return Fault::last("epoll_create1");
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLOUT | EPOLLET;
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, master.get(), &wanted) != 0) {
      return Fault::last("epoll_ctl");
    }
    return events;
  };
  UniqueFd events = TRY(begin().because("serve the terminal"));
  return Terminal(std::move(master), std::move(events));
}

void Terminal::look() {
  epoll_event happened{};
  if (::epoll_wait(events_.get(), &happened, 1, 0) <= 0) return;
  may_read_ = true;
  may_write_ = true;
}

std::size_t Terminal::read(std::span<char> space) {
  const ssize_t count = ::read(master_.get(), space.data(), space.size());
  if (count > 0) return static_cast<std::size_t>(count);
  may_read_ = count < 0 && errno == EINTR;  // EIO: no process has it open
  return 0;
}

std::size_t Terminal::write(std::string_view data) {
  const ssize_t count = ::write(master_.get(), data.data(), data.size());
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EIO) return data.size();  // no process has it open: lost, as on any terminal
  may_write_ = errno == EINTR;
  return 0;
}

// Only the other end shows how much of a line, or in raw mode how many characters, the program has
// not read. If no process has it open, opening and closing it would be an event, which would cause
// the next one.
bool Terminal::is_all_read() const {
  pollfd open{master_.get(), 0, 0};
  if (::poll(&open, 1, 0) != 0) return false;  // POLLHUP
  const UniqueFd peer(::ioctl(master_.get(), TIOCGPTPEER, O_RDONLY | O_NOCTTY | O_CLOEXEC));
  if (!peer) return false;
  pollfd waiting{peer.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 0;
}

// One would be enough, but a shell changes the mode for each command: a character sent in one mode
// has no meaning in the other.
constexpr int most_raw_ends = 8;

void Terminal::end_input(Cause cause) {
  termios mode{};
  if (::tcgetattr(master_.get(), &mode) != 0) return;
  const bool is_raw = (mode.c_lflag & ICANON) == 0;
  const auto end_of_file = static_cast<char>(mode.c_cc[VEOF]);
  if (!is_raw) raw_ends_ = 0;
  if (is_raw && cause == Cause::time) return;
  if (end_of_file == _POSIX_VDISABLE || raw_ends_ == most_raw_ends || !is_all_read()) return;
  if (write({&end_of_file, 1}) == 1 && is_raw) ++raw_ends_;
}

}  // namespace tare::runtime
