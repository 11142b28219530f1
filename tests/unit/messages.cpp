// SPDX-License-Identifier: Apache-2.0
#include "runtime/stub/messages.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tare::runtime {

namespace {

struct Channel {
  explicit Channel(int type) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0);
    a.reset(ends[0]);
    b.reset(ends[1]);
  }
  UniqueFd a;
  UniqueFd b;
};

stub::Report numbered(int step) {
  stub::Report report;
  report.step = step;
  report.error = ENOENT;
  report.value = -1;
  std::memset(report.note, 'n', sizeof report.note);
  return report;
}

}  // namespace

TEST_CASE("reports arrive whole and in order") {
  const Channel channel(SOCK_SEQPACKET);
  for (int i = 0; i < 3; ++i) REQUIRE(send_report(channel.a.get(), numbered(i)).ok());
  for (int i = 0; i < 3; ++i) {
    const auto report = receive_report(channel.b.get());
    REQUIRE(report.ok());
    REQUIRE(report->has_value());
    const stub::Report expected = numbered(i);
    CHECK(std::memcmp(&**report, &expected, sizeof expected) == 0);
  }
}

TEST_CASE("descriptors come with a report, in order, and the next has none") {
  const Channel channel(SOCK_SEQPACKET);
  const Channel sent(SOCK_STREAM);
  const int fds[] = {sent.a.get(), sent.b.get()};
  REQUIRE(send_report_with(channel.a.get(), numbered(1), fds).ok());
  REQUIRE(send_report_with(channel.a.get(), numbered(2), {}).ok());
  std::vector<UniqueFd> came;
  for (int i = 1; i <= 2; ++i) {
    const auto report = receive_report_with(channel.b.get(), came);
    REQUIRE(report.ok());
    CHECK((*report)->step == i);
    REQUIRE(came.size() == 2);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    struct stat one {};
    struct stat other {};
    REQUIRE(::fstat(fds[i], &one) == 0);
    REQUIRE(::fstat(came[i].get(), &other) == 0);
    CHECK(one.st_ino == other.st_ino);
    CHECK((::fcntl(came[i].get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("the kernel names who sent a report, whatever the report says") {
  const Channel channel(SOCK_SEQPACKET);
  REQUIRE(send_report(channel.a.get(), numbered(1)).ok());
  const auto unnamed = receive_from(channel.b.get());
  REQUIRE(unnamed.ok());
  CHECK((*unnamed)->sender == 0);
  REQUIRE(name_senders(channel.b.get()).ok());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(send_report(channel.a.get(), numbered(2)).ok() ? 0 : 1);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  const auto named = receive_from(channel.b.get());
  REQUIRE(named.ok());
  CHECK((*named)->sender == child);
  CHECK((*named)->report.step == 2);
}

TEST_CASE("descriptors that nobody wants do not arrive") {
  const Channel channel(SOCK_SEQPACKET);
  REQUIRE(name_senders(channel.b.get()).ok());
  const int fds[] = {channel.a.get()};
  REQUIRE(send_report_with(channel.a.get(), numbered(1), fds).ok());
  const int next = ::dup(channel.a.get());
  ::close(next);
  const auto received = receive_from(channel.b.get());
  REQUIRE(received.ok());
  CHECK((*received)->sender == ::getpid());
  const int after = ::dup(channel.a.get());
  CHECK(after == next);
  ::close(after);
}

TEST_CASE("as many descriptors come as a message takes") {
  const Channel channel(SOCK_SEQPACKET);
  std::vector<int> fds(most_descriptors, channel.a.get());
  REQUIRE(send_report_with(channel.a.get(), numbered(1), fds).ok());
  std::vector<UniqueFd> came;
  REQUIRE(receive_report_with(channel.b.get(), came).ok());
  CHECK(came.size() == most_descriptors);
}

TEST_CASE("a peer that is gone is the end, not an error") {
  Channel channel(SOCK_SEQPACKET);
  REQUIRE(send_report(channel.a.get(), numbered(1)).ok());
  channel.a.reset();
  CHECK(receive_report(channel.b.get())->has_value());
  const auto end = receive_report(channel.b.get());
  REQUIRE(end.ok());
  CHECK_FALSE(end->has_value());
  const auto sent = send_report(channel.b.get(), numbered(1));
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().error == EPIPE);  // and no signal
}

TEST_CASE("a peer that ended with our messages unread is still heard to its end") {
  Channel channel(SOCK_SEQPACKET);
  REQUIRE(send_report(channel.b.get(), numbered(1)).ok());  // never read by a
  REQUIRE(send_report(channel.a.get(), numbered(7)).ok());
  channel.a.reset();
  const auto report = receive_report(channel.b.get());
  REQUIRE(report.ok());
  REQUIRE(report->has_value());
  CHECK((*report)->step == 7);
  CHECK_FALSE(receive_report(channel.b.get())->has_value());
}

TEST_CASE("a message of another size is no report") {
  const Channel channel(SOCK_SEQPACKET);
  REQUIRE(::send(channel.a.get(), "x", 1, 0) == 1);
  const auto report = receive_report(channel.b.get());
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().error == EMSGSIZE);
}

TEST_CASE("a descriptor arrives with its payload, closed on exec") {
  const Channel channel(SOCK_STREAM);
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  REQUIRE(send_descriptor(channel.a.get(), "terminal", write_end.get()).ok());
  write_end.reset();
  const auto received = receive_descriptor(channel.b.get());
  REQUIRE(received.ok());
  CHECK((::fcntl(received->get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(::write(received->get(), "z", 1) == 1);
  char byte = 0;
  CHECK(::read(read_end.get(), &byte, 1) == 1);
  CHECK(byte == 'z');
}

TEST_CASE("a message without a descriptor, and the end, are no descriptor") {
  Channel channel(SOCK_STREAM);
  REQUIRE(::send(channel.a.get(), "x", 1, 0) == 1);
  CHECK(receive_descriptor(channel.b.get()).error().error == ENOMSG);
  channel.a.reset();
  CHECK_FALSE(receive_descriptor(channel.b.get()).ok());
  CHECK(send_descriptor(channel.b.get(), "x", 0).error().error == EPIPE);
}

}  // namespace tare::runtime
