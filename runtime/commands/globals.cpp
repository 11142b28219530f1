// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/globals.h"

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
  return LogLevel::error;  // not reached: the table of options takes no other word
}

LogFormat format_of(std::string_view word) {
  return word == "json" ? LogFormat::json : LogFormat::text;
}

}  // namespace

LogOptions log_options(const Values& globals) {
  return {
      .file = globals.text("log"),
      .format = format_of(globals.text("log-format")),
      .level = globals.has("debug") ? LogLevel::debug : level_of(globals.text("log-level")),
  };
}

ErrorStyle error_style(const Values& globals, const Command* command) {
  ErrorStyle style;
  style.format = format_of(globals.text("error-format"));
  if (command != nullptr) style.phase = command->name;
  return style;
}

}  // namespace tare::runtime
