// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/log.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <ctime>

#include "base/clock.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/wrap.h"
#include "oci/problem.h"

namespace tare::runtime {

namespace {

// In the order of LogLevel.
constexpr const char* level_names[] = {"error", "warning", "info", "debug"};

const char* name_of(LogLevel level) {
  return level_names[static_cast<std::size_t>(level)];
}

// `text` as the contents of a JSON string, which is also valid in logrus's quoted text.
std::string escaped(std::string_view text) {
  std::string inside;
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') inside += '\\';
    inside += c;
  }
  return inside;
}

// One write(2), so that lines of several commands do not mix. A failed write cannot be reported
// anywhere; SIGPIPE is ignored (main.cpp).
void write_line(int fd, std::string_view line) {
  if (fd == STDERR_FILENO) erase_progress();
  while (::write(fd, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

std::string wrapped(std::string_view line) {
  constexpr std::string_view name = "tare:";
  return two_columns("", line, name.size() + 1).replace(0, name.size(), name);
}

}  // namespace

std::string json_line(LogLevel level, std::string_view message, LogTime time) {
  return std::string("{\"level\":\"") + name_of(level) + "\",\"msg\":\"" + escaped(message) +
         "\",\"time\":\"" + utc_seconds(time) + "\"}\n";
}

std::string text_line(LogLevel level, std::string_view message, LogTime time) {
  return "time=\"" + utc_seconds(time) + "\" level=" + name_of(level) + " msg=\"" +
         escaped(message) + "\"\n";
}

Result<Log> Log::open(const LogOptions& options) {
  Log log;
  log.format_ = options.format;
  log.level_ = options.level;
  log.errors_ = options.errors;
  if (options.file.empty()) return log;
  // O_NONBLOCK: opening a fifo without a reader returns ENXIO and does not hang; a full one loses
  // the line.
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
  log.file_ = TRY(open_at(AT_FDCWD, options.file.c_str(), flags, 0644)
                      .because("open the log " + quote(options.file)));
  return log;
}

void Log::error(const Error& error) const {
  if (errors_.format == LogFormat::text) return write(LogLevel::error, error.message());
  if (file_) write_to_log(file_.get(), LogLevel::error, error.message());
  write_line(STDERR_FILENO, oci::encode_problem(oci::problem(error, errors_.phase)));
}

void Log::write_to_log(int fd, LogLevel level, std::string_view message) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  write_line(fd, format_ == LogFormat::json ? json_line(level, message, now)
                                            : text_line(level, message, now));
}

void Log::write(LogLevel level, std::string_view message) const {
  if (!wants(level)) return;
  if (file_ || format_ == LogFormat::json) {
    write_to_log(file_ ? file_.get() : STDERR_FILENO, level, message);
    if (!file_ || level != LogLevel::error) return;
  }
  std::string line = level == LogLevel::error ? "" : std::string(name_of(level)) + ": ";
  line += printable(message);
  // A program that reads it has a pipe or a file, and gets one line.
  const bool for_people = ::isatty(STDERR_FILENO) != 0;
  write_line(STDERR_FILENO, for_people ? wrapped(line) : "tare: " + line + '\n');
}

}  // namespace tare::runtime
