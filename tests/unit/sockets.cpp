// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/sockets.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

// A socket that is bound, and listens only if a backlog is given.
UniqueFd bound(const std::string& path, int backlog) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  if (backlog >= 0) REQUIRE(::listen(socket.get(), backlog) == 0);
  return socket;
}

}  // namespace

TEST_CASE("a listening socket is connected to, and then waits as sockets do") {
  const Scratch scratch;
  const UniqueFd listening = bound(scratch.path("s"), 1);
  const auto connected = connect_socket(scratch.path("s"));
  REQUIRE(connected.ok());
  const int flags = ::fcntl(connected->get(), F_GETFL);
  CHECK((flags & O_NONBLOCK) == 0);
  CHECK((::fcntl(connected->get(), F_GETFD) & FD_CLOEXEC) != 0);
  const UniqueFd accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(accepted.valid());
  CHECK(::send(connected->get(), "x", 1, MSG_NOSIGNAL) == 1);
}

TEST_CASE("a socket's path may be longer than its address takes") {
  const Scratch scratch;
  const UniqueFd listening = bound(scratch.path("s"), 1);
  const std::string deep = std::string(100, 'd') + "/" + std::string(100, 'e');
  scratch.directory(deep);
  REQUIRE(::rename(scratch.path("s").c_str(), scratch.path(deep + "/s").c_str()) == 0);
  CHECK(connect_socket(scratch.path(deep + "/s")).ok());
}

TEST_CASE("what is no socket, is missing, or has no listener is told at once") {
  const Scratch scratch;
  scratch.file("file");
  const UniqueFd silent = bound(scratch.path("silent"), -1);
  REQUIRE(::mkfifo(scratch.path("fifo").c_str(), 0600) == 0);
  const auto error = [&](const char* name) {
    const auto connected = connect_socket(scratch.path(name));
    REQUIRE_FALSE(connected.ok());
    CHECK(connected.error().what.find(scratch.path(name)) != std::string::npos);
    return connected.error().error;
  };
  CHECK(error("none") == ENOENT);
  CHECK(error("file") == ENOTSOCK);
  CHECK(error("fifo") == ENOTSOCK);
  CHECK(error("silent") == ECONNREFUSED);
}

TEST_CASE("a listener that does not accept is not waited for longer than the deadline") {
  const Scratch scratch;
  const UniqueFd listening = bound(scratch.path("s"), 0);
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 10; ++i) {
    auto connected = connect_socket(scratch.path("s"));
    if (!connected.ok()) {
      CHECK(connected.error().error == EAGAIN);
      CHECK(connected.error().hint.find("accepted") != std::string::npos);
      return;
    }
    waiting.push_back(std::move(connected).value());
  }
  FAIL("the backlog has no end");
}

TEST_CASE("a receiver that does not read is not waited for longer than the deadline") {
  const Scratch scratch;
  const UniqueFd listening = bound(scratch.path("s"), 1);
  const auto connected = connect_socket(scratch.path("s"));
  REQUIRE(connected.ok());
  const std::string more_than_fits(std::size_t{8} << 20, 'x');
  const auto sent = send_descriptor_to(connected->get(), more_than_fits, listening.get());
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().error == EAGAIN);
  CHECK(sent.error().hint.find("read") != std::string::npos);
}

TEST_CASE("the time is RFC 3339 in UTC with nanoseconds") {
  const std::string now = utc_now();
  const std::string form = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
  REQUIRE(now.size() == form.size());
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = now[i] >= '0' && now[i] <= '9';
    CHECK((form[i] == 'd' ? digit : now[i] == form[i]));
  }
  CHECK(now <= utc_now());
  CHECK(now > "2024");
}

}  // namespace tare::runtime
