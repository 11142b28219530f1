// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "runtime/command_line/globals.h"
#include "runtime/command_line/table.h"
#include "tests/unit/emulation.h"

namespace tare::runtime {

namespace {

constexpr LogTime noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} +
                       std::chrono::hours{12}};

// A directory of its own, gone afterwards with the files that tests put into it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    ::unlink(file().c_str());
    ::rmdir(path_.data());
  }
  [[nodiscard]] std::string path() const { return path_.data(); }
  [[nodiscard]] std::string file() const { return path() + "/log"; }

 private:
  std::array<char, 24> path_{"/tmp/tare-test-XXXXXX"};
};

// Standard error goes to a pipe meanwhile.
class CapturedStderr {
 public:
  CapturedStderr() : before_(::dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reader_.reset(ends[0]);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() { restore(); }
  std::string text() {
    restore();
    return read_to_end(reader_.get()).value();
  }

 private:
  void restore() {
    if (!before_) return;
    ::dup2(before_.get(), STDERR_FILENO);
    before_.reset();
  }
  UniqueFd before_;
  UniqueFd reader_;
};

std::string content(const std::string& file) {
  return read_regular_file(AT_FDCWD, file.c_str(), 1 << 20).value();
}

Values globals(std::initializer_list<std::pair<const char*, const char*>> given) {
  Values values(global_options());
  for (const auto& [name, value] : given) {
    REQUIRE(values.add(*find_option(global_options(), name), value).ok());
  }
  return values;
}

}  // namespace

TEST_CASE("a JSON line has level, msg and an RFC 3339 time, in this order") {
  CHECK(json_line(LogLevel::error, "no", noon) ==
        "{\"level\":\"error\",\"msg\":\"no\",\"time\":\"2026-11-24T12:00:00Z\"}\n");
  CHECK(json_line(LogLevel::warning, "", LogTime{}) ==
        "{\"level\":\"warning\",\"msg\":\"\",\"time\":\"1970-01-01T00:00:00Z\"}\n");
}

TEST_CASE("a text line is logrus's") {
  CHECK(text_line(LogLevel::debug, "a \"b\"", noon + std::chrono::seconds{61}) ==
        "time=\"2026-11-24T12:01:01Z\" level=debug msg=\"a \\\"b\\\"\"\n");
}

TEST_CASE("a message cannot break out of its JSON string or its line") {
  const auto message = [](std::string_view text) {
    const std::string line = json_line(LogLevel::error, text, noon);
    const std::string before = R"({"level":"error","msg":")";
    const std::string after = "\",\"time\":\"2026-11-24T12:00:00Z\"}\n";
    REQUIRE(line.starts_with(before));
    REQUIRE(line.ends_with(after));
    return line.substr(before.size(), line.size() - before.size() - after.size());
  };
  CHECK(message("a\"b\\c") == "a\\\"b\\\\c");
  CHECK(message("a\nb\x1b[1m") == "a\\\\x0ab\\\\x1b[1m");
  CHECK(message("\xff\xc3\xa4") == "\\\\xff\xc3\xa4");
  CHECK(message(std::string_view("a\0b", 3)) == "a\\\\x00b");
}

TEST_CASE("without a file an error goes to standard error, as one plain line") {
  CapturedStderr captured;
  Log().error(Error("no\nwhere"));
  CHECK(captured.text() == "tare: no\\x0awhere\n");
}

TEST_CASE("without a file the JSON format holds for standard error") {
  const Log log = Log::open({.file = "", .format = LogFormat::json}).value();
  CapturedStderr captured;
  log.error(Error("no"));
  const std::string text = captured.text();
  CHECK(text.starts_with("{\"level\":\"error\",\"msg\":\"no\",\"time\":\""));
  CHECK(split(text, '\n').size() == 2);
}

TEST_CASE("with a file an error goes there, and as plain text to standard error") {
  const TemporaryDirectory directory;
  CapturedStderr captured;
  const Log log = Log::open({.file = directory.file(), .format = LogFormat::json}).value();
  log.error(Error::config("/mounts/3", "mount proc"));
  CHECK(content(directory.file())
            .starts_with("{\"level\":\"error\",\"msg\":\"/mounts/3: mount proc\",\"time\":\""));
  CHECK(captured.text() == "tare: /mounts/3: mount proc\n");
}

TEST_CASE("at the default level nothing but errors is written anywhere") {
  const TemporaryDirectory directory;
  CapturedStderr captured;
  const Log log = Log::open({.file = directory.file()}).value();
  log.warning("w");
  log.info("i");
  log.debug("d");
  CHECK(content(directory.file()) == "");
  CHECK(captured.text() == "");
  CHECK_FALSE(log.wants(LogLevel::warning));
}

TEST_CASE("below errors only the file is written, if there is one") {
  const TemporaryDirectory directory;
  CapturedStderr captured;
  const Log log = Log::open({.file = directory.file(), .level = LogLevel::debug}).value();
  log.debug("d");
  CHECK(content(directory.file()).ends_with(" level=debug msg=\"d\"\n"));
  CHECK(captured.text() == "");
}

TEST_CASE("a log is appended to, never cut") {
  const TemporaryDirectory directory;
  CapturedStderr captured;
  for (const char* message : {"one", "two"}) {
    Log::open({.file = directory.file(), .format = LogFormat::json}).value().error(Error(message));
  }
  const std::string text = content(directory.file());
  CHECK(split(text, '\n').size() == 3);
  CHECK(text.find("one") < text.find("two"));
}

TEST_CASE("a new log can be read by others and written by its owner") {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(0);
  const Log log = Log::open({.file = directory.file()}).value();
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat(directory.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0644);
}

TEST_CASE("a log that cannot be written is an error that names it") {
  const TemporaryDirectory directory;
  const auto refused = [](const std::string& file) {
    const Result<Log> log = Log::open({.file = file});
    REQUIRE(!log.ok());
    return log.error().message();
  };
  CHECK(refused(directory.path()) ==
        "open the log \"" + directory.path() + "\": EISDIR: is a directory");
  CHECK(refused("/proc/none/log") ==
        "open the log \"/proc/none/log\": ENOENT: no such file or directory");
  REQUIRE(::mkfifo(directory.file().c_str(), 0600) == 0);
  CHECK(refused(directory.file()) ==
        "open the log \"" + directory.file() + "\": ENXIO: no such device or address");
}

TEST_CASE("a fifo that is full loses the message instead of hanging") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo(directory.file().c_str(), 0600) == 0);
  const UniqueFd reader(::open(directory.file().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Log log = Log::open({.file = directory.file(), .level = LogLevel::debug}).value();
  const std::string message(1000, 'x');
  for (int i = 0; i < 300; ++i) log.debug(message);
  int buffered = 0;
  REQUIRE(::ioctl(reader.get(), FIONREAD, &buffered) == 0);
  const auto line = static_cast<int>(text_line(LogLevel::debug, message, noon).size());
  CHECK(buffered > line);
  CHECK(buffered < 300 * line);
  CHECK(buffered % line == 0);  // only whole lines
}

TEST_CASE("the log is what the options before the command say") {
  const Command& state = *find_command("state");
  const auto asked = [&](std::initializer_list<std::pair<const char*, const char*>> given) {
    return log_options(globals(given), state);
  };
  const LogOptions by_default = asked({});
  CHECK(by_default.file == "");
  CHECK(by_default.format == LogFormat::text);
  CHECK(asked({{"log", "/l"}}).file == "/l");
  CHECK(asked({{"log-format", "json"}}).format == LogFormat::json);
  CHECK(asked({{"log-level", "warning"}}).level == LogLevel::warning);
  CHECK(asked({{"debug", "true"}}).level == LogLevel::debug);
}

// contract.md: callers of create, exec and state read both streams as one, podman the log of create
// and exec as one object.
TEST_CASE("warnings are logged unasked by commands of which nobody parses what they print") {
  CapturedStderr no_terminal;
  for (const Command* row : commands()) {
    const Command& command = *row;
    const std::string_view name = command.name;
    const bool warns = name == "run" || name == "start" || name == "kill" || name == "delete" ||
                       name == "gc" || name == "diff";
    const LogLevel level = log_options(globals({{"debug", "false"}}), command).level;
    CHECK_MESSAGE(level == (warns ? LogLevel::warning : LogLevel::error), name);
  }
}

TEST_CASE("a person at a terminal sees warnings of every command, unless there is a log") {
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::unlockpt(master.get()) == 0);
  const UniqueFd terminal(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  const UniqueFd before(::dup(STDERR_FILENO));
  REQUIRE(::dup2(terminal.get(), STDERR_FILENO) == STDERR_FILENO);
  const LogLevel level = log_options(globals({}), *find_command("create")).level;
  const LogLevel beside_a_log =
      log_options(globals({{"log", "/l"}}), *find_command("create")).level;
  ::dup2(before.get(), STDERR_FILENO);
  CHECK(level == LogLevel::warning);
  CHECK(beside_a_log == LogLevel::error);
}

}  // namespace tare::runtime
