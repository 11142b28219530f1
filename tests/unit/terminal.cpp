// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/terminal_master.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace tare::runtime {

namespace {

// A terminal, and what has it open as a program would.
struct Served {
  std::optional<Terminal> terminal;
  UniqueFd program;

  Served() {
    UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(master.valid());
    REQUIRE(::unlockpt(master.get()) == 0);
    name = ::ptsname(master.get());
    open();
    Result<Terminal> opened = Terminal::open(std::move(master));
    REQUIRE(opened.ok());
    terminal.emplace(std::move(opened).value());
    program_reads_nothing();
  }

  void open() {
    program = UniqueFd(::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    REQUIRE(program.valid());
  }

  void set(bool raw) {
    termios mode{};
    REQUIRE(::tcgetattr(program.get(), &mode) == 0);
    mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
    if (!raw) mode.c_lflag |= ICANON;
    REQUIRE(::tcsetattr(program.get(), TCSANOW, &mode) == 0);
  }

  // Nothing if it would wait; empty at the end of the file.
  std::optional<std::string> program_reads() {
    std::array<char, 100> space;
    const ssize_t count = ::read(program.get(), space.data(), space.size());
    if (count < 0) return std::nullopt;
    return std::string(space.data(), static_cast<std::size_t>(count));
  }
  void program_reads_nothing() { CHECK_FALSE(program_reads().has_value()); }

  // As its owner does whenever something has happened; false if nothing had.
  bool end_input() {
    pollfd happened{terminal->events(), POLLIN, 0};
    if (::poll(&happened, 1, 0) == 0) return false;
    terminal->look();
    terminal->end_input(Terminal::Cause::event);
    return true;
  }

  std::string name;
};

}  // namespace

TEST_CASE("the end of the input comes when all is read, and stays") {
  Served served;
  served.set(false);
  REQUIRE(served.terminal->write("one\ntwo") == 7);
  CHECK(served.end_input());
  CHECK(served.program_reads() == "one\n");
  CHECK(served.end_input());
  CHECK(served.program_reads() == "two");  // a line that was not ended
  for (int i = 0; i < 5; ++i) {
    CHECK(served.end_input());
    CHECK(served.program_reads() == "");
  }
}

TEST_CASE("a program that reads nothing is no reason to wake up") {
  Served served;
  served.set(false);
  SUBCASE("it has its terminal open") {}
  SUBCASE("it has closed it") {
    served.program.reset();
  }
  int events = 0;
  while (events < 10 && served.end_input()) ++events;
  CHECK(events <= 3);
}

TEST_CASE("in raw mode the end is a character, and given some times only") {
  Served served;
  served.set(true);
  int ends = 0;
  for (int i = 0; i < 100; ++i) {
    served.end_input();
    const auto read = served.program_reads();
    if (!read) break;
    CHECK(*read == "\x04");
    ++ends;
  }
  CHECK(ends >= 1);
  CHECK(ends < 20);
  // In the other mode it is the end of the file again.
  served.set(false);
  served.terminal->end_input(Terminal::Cause::event);
  CHECK(served.program_reads() == "");
}

TEST_CASE("when only time has passed, the end is a file's end and no character") {
  Served served;
  const auto time_passes = [&] { served.terminal->end_input(Terminal::Cause::time); };
  served.set(true);
  time_passes();
  served.program_reads_nothing();
  served.set(false);
  served.program.reset();
  time_passes();  // nobody has it open
  served.open();
  served.program_reads_nothing();
  time_passes();  // an open of it was no event
  CHECK(served.program_reads() == "");
}

TEST_CASE("the character is the one that the terminal has for it, if it has one") {
  Served served;
  served.set(true);
  termios mode{};
  REQUIRE(::tcgetattr(served.program.get(), &mode) == 0);
  SUBCASE("another") {
    mode.c_cc[VEOF] = 'e';
  }
  SUBCASE("none") {
    mode.c_cc[VEOF] = _POSIX_VDISABLE;
  }
  REQUIRE(::tcsetattr(served.program.get(), TCSANOW, &mode) == 0);
  served.end_input();
  if (mode.c_cc[VEOF] == 'e') {
    CHECK(served.program_reads() == "e");
  } else {
    served.program_reads_nothing();
  }
}

TEST_CASE("a terminal that nobody has open is served again when it is opened") {
  Served served;
  std::array<char, 100> space;
  served.program.reset();
  served.terminal->look();
  CHECK(served.terminal->read(space) == 0);
  CHECK_FALSE(served.terminal->may_read());
  served.open();
  REQUIRE(::write(served.program.get(), "back", 4) == 4);
  pollfd happened{served.terminal->events(), POLLIN, 0};
  REQUIRE(::poll(&happened, 1, 1000) == 1);
  served.terminal->look();
  CHECK(served.terminal->may_read());
  CHECK(served.terminal->read(space) == 4);
}

TEST_CASE("a terminal that is full takes no more until its program has read") {
  Served served;
  served.set(true);
  const std::string data(1000, 'x');
  std::size_t total = 0;
  while (served.terminal->may_write()) total += served.terminal->write(data);
  CHECK(total > 1000);
  served.terminal->look();
  while (served.terminal->may_write()) total += served.terminal->write(data);
  while (served.program_reads()) {
  }
  pollfd happened{served.terminal->events(), POLLIN, 0};
  REQUIRE(::poll(&happened, 1, 1000) == 1);
  served.terminal->look();
  CHECK(served.terminal->may_write());
  CHECK(served.terminal->write("x") == 1);
}

}  // namespace tare::runtime
