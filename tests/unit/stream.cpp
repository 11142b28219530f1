// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

struct Ends {
  UniqueFd read;
  UniqueFd write;
};

Ends make_pipe(int flags = 0) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | flags) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Ends make_sockets() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// The master is the reader.
Ends make_terminal() {
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(master.valid());
  REQUIRE(::grantpt(master.get()) == 0);
  REQUIRE(::unlockpt(master.get()) == 0);
  UniqueFd slave(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(slave.valid());
  termios mode{};
  REQUIRE(::tcgetattr(slave.get(), &mode) == 0);
  ::cfmakeraw(&mode);
  REQUIRE(::tcsetattr(slave.get(), TCSANOW, &mode) == 0);
  return {std::move(master), std::move(slave)};
}

bool is_writable(const Stream& stream) {
  pollfd writable{stream.fd(), POLLOUT, 0};
  return ::poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) != 0;
}

// Who waits is ended by SIGALRM.
std::size_t fill(const Stream& stream) {
  const std::string data(10000, 'x');
  std::size_t total = 0;
  while (is_writable(stream)) {
    const Call<std::size_t> count = stream.write(data);
    if (!count.ok()) {
      CHECK(count.error().error == EAGAIN);
      break;
    }
    total += *count;
  }
  return total;
}

std::size_t empty(int fd) {
  std::array<char, 65536> space;
  std::size_t total = 0;
  pollfd readable{fd, POLLIN, 0};
  while (::poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0) {
    const ssize_t count = ::read(fd, space.data(), space.size());
    if (count <= 0) break;
    total += static_cast<std::size_t>(count);
  }
  return total;
}

void check_filling(const Ends& ends) {
  ::alarm(20);
  const int flags = ::fcntl(ends.write.get(), F_GETFL);
  const Stream stream = Stream::output(ends.write.get());
  const std::size_t first = fill(stream);
  CHECK(first > 1000);
  CHECK(empty(ends.read.get()) == first);
  CHECK(fill(stream) > 1000);
  CHECK(::fcntl(ends.write.get(), F_GETFL) == flags);
  ::alarm(0);
}

void check_reading(const Ends& ends) {
  ::alarm(20);
  const int flags = ::fcntl(ends.read.get(), F_GETFL);
  const Stream stream = Stream::input(ends.read.get());
  std::array<char, 100> space;
  const Call<std::size_t> none = stream.read(space);
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().error == EAGAIN);
  REQUIRE(::write(ends.write.get(), "text", 4) == 4);
  const Call<std::size_t> some = stream.read(space);
  REQUIRE(some.ok());
  CHECK(std::string(space.data(), *some) == "text");
  CHECK(::fcntl(ends.read.get(), F_GETFL) == flags);
  ::alarm(0);
}

// As somebody who may not open what others have made.
class AsNobody {
 public:
  AsNobody() { ::setfsuid(65534); }
  ~AsNobody() { ::setfsuid(0); }
};

}  // namespace

TEST_CASE("a stream that is full takes nothing, and nobody waits or sees another flag") {
  SUBCASE("pipe") {
    check_filling(make_pipe());
  }
  SUBCASE("non-blocking pipe") {
    check_filling(make_pipe(O_NONBLOCK));
  }
  SUBCASE("socket") {
    check_filling(make_sockets());
  }
  SUBCASE("terminal") {
    check_filling(make_terminal());
  }
  SUBCASE("master of a terminal") {
    Ends ends = make_terminal();
    std::swap(ends.read, ends.write);
    check_filling(ends);
  }
}

TEST_CASE("the same where the stream may not be opened again") {
  if (::geteuid() != 0) return;
  Ends ends;
  SUBCASE("pipe") {
    ends = make_pipe();
  }
  SUBCASE("terminal") {
    ends = make_terminal();
  }
  CHECK(Stream::output(ends.write.get()).fd() != ends.write.get());
  const AsNobody nobody;
  CHECK(Stream::output(ends.write.get()).fd() == ends.write.get());
  check_filling(ends);
}

TEST_CASE("a stream with nothing in it gives nothing, and nobody waits or sees another flag") {
  SUBCASE("pipe") {
    check_reading(make_pipe());
  }
  SUBCASE("non-blocking pipe") {
    check_reading(make_pipe(O_NONBLOCK));
  }
  SUBCASE("socket") {
    check_reading(make_sockets());
  }
  SUBCASE("terminal") {
    Ends ends = make_terminal();
    std::swap(ends.read, ends.write);
    check_reading(ends);
  }
}

TEST_CASE("the end of a stream is no bytes, and a reader that is gone an error") {
  Ends ends = make_pipe();
  const Stream in = Stream::input(ends.read.get());
  ends.write.reset();
  std::array<char, 10> space;
  const Call<std::size_t> end = in.read(space);
  REQUIRE(end.ok());
  CHECK(*end == 0);
  Ends sockets = make_sockets();
  const Stream out = Stream::output(sockets.write.get());
  sockets.read.reset();
  const Call<std::size_t> gone = out.write("x");
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.error().error == EPIPE);
}

TEST_CASE("a file is written at its own place, which is not looked for again") {
  const Scratch scratch;
  scratch.file("file");
  UniqueFd file(::open(scratch.path("file").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  REQUIRE(::write(file.get(), "before ", 7) == 7);
  const Stream stream = Stream::output(file.get());
  CHECK(stream.fd() == file.get());
  REQUIRE(stream.write("after").ok());
  CHECK(::lseek(file.get(), 0, SEEK_CUR) == 12);
}

}  // namespace tare::runtime
