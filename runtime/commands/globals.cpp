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

}  // namespace

LogOptions log_options(const Values& globals) {
  return {
      .file = globals.text("log"),
      .format = globals.text("log-format") == "json" ? LogFormat::json : LogFormat::text,
      .level = globals.has("debug") ? LogLevel::debug : level_of(globals.text("log-level")),
  };
}

}  // namespace tare::runtime
