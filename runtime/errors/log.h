// SPDX-License-Identifier: Apache-2.0
//
// Where messages go. Callers parse the log, so its rules are strict:
//   - podman parses the whole file as one JSON object: at the default level nothing is written but
//     the one error that ends the command;
//   - containerd keeps one file for all commands of a container and takes the last error: lines
//     are appended, each by one write(2), and `time` is RFC 3339;
//   - conmon and CRI-O read standard error: an error is always written there too, as plain text,
//     or with --error-format=json as an object of its own kind (oci/problem.h).
// Without a file everything goes to standard error. These functions never block on a fifo.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

enum class LogFormat : std::uint8_t { text, json };

// The format of the command's error on standard error.
struct ErrorStyle {
  LogFormat format = LogFormat::text;
  std::string phase = "command line";  // the command, once it is known
};

struct LogOptions {
  std::string file;  // empty: standard error
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::error;  // the minimum level
  ErrorStyle errors = {};
};

class Log {
 public:
  // To standard error, errors only: until the command line is parsed.
  Log() = default;
  explicit Log(ErrorStyle errors) : errors_(std::move(errors)) {}

  // Fails, before anything else is done, if the file cannot be written: a directory, a fifo without
  // a reader, no permission.
  static Result<Log> open(const LogOptions& options);

  // The error that ends the command: once per process, or once per container if a command has
  // several.
  void error(const Error& error) const;
  void warning(std::string_view message) const { write(LogLevel::warning, message); }
  void info(std::string_view message) const { write(LogLevel::info, message); }
  void debug(std::string_view message) const { write(LogLevel::debug, message); }

  // Whether a message of this level is written: check it before building an expensive one.
  [[nodiscard]] bool wants(LogLevel level) const { return level <= level_; }

 private:
  void write(LogLevel level, std::string_view message) const;
  void write_to_log(int fd, LogLevel level, std::string_view message) const;

  UniqueFd file_;
  LogFormat format_ = LogFormat::text;
  LogLevel level_ = LogLevel::error;
  ErrorStyle errors_;
};

using LogTime = std::chrono::sys_seconds;

// {"level":"error","msg":"…","time":"2026-11-24T00:00:00Z"} and a newline. Bytes that are not
// printable UTF-8 are written as \xNN, as on a terminal.
std::string json_line(LogLevel level, std::string_view message, LogTime time);

// time="2026-11-24T00:00:00Z" level=error msg="…" and a newline.
std::string text_line(LogLevel level, std::string_view message, LogTime time);

}  // namespace tare::runtime
