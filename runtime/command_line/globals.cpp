// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/globals.h"

#include <unistd.h>

#include <string>
#include <string_view>

namespace tare::runtime {

namespace {

struct LevelWord {
  std::string_view word;
  LogLevel level;
};
constexpr LevelWord level_words[] = {
    {"error", LogLevel::error},
    {"warning", LogLevel::warning},
    {"info", LogLevel::info},
    {"debug", LogLevel::debug},
};

LogLevel level_of(std::string_view word) {
  for (const LevelWord& row : level_words) {
    if (row.word == word) return row.level;
  }
  return LogLevel::error;  // not reached: the option table accepts no other word
}

LogFormat format_of(std::string_view word) {
  return word == "json" ? LogFormat::json : LogFormat::text;
}

}  // namespace

namespace {

LogLevel wanted_level(const Values& globals, const Command& command) {
  if (globals.has("debug")) return LogLevel::debug;
  if (globals.has("log-level")) return level_of(globals.text("log-level"));
  const bool is_for_people = !globals.has("log") && ::isatty(STDERR_FILENO) != 0;
  return is_for_people || command.warns ? LogLevel::warning : LogLevel::error;
}

}  // namespace

LogOptions log_options(const Values& globals, const Command& command) {
  return {
      .file = globals.text("log"),
      .format = format_of(globals.text("log-format")),
      .level = wanted_level(globals, command),
  };
}

ErrorStyle error_style(const Values& globals, const Command* command) {
  ErrorStyle style;
  style.format = format_of(globals.text("error-format"));
  if (command != nullptr) style.phase = command->name;
  return style;
}

}  // namespace tare::runtime
