// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/colours.h"

#include <unistd.h>

#include <cstdlib>

namespace tare::runtime {

namespace {

bool is_wanted(int fd) {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  return ::isatty(fd) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

Paint::Paint(int fd) : wanted_(is_wanted(fd)) {}

std::string Paint::sequence(const char* colour, std::string_view text) const {
  if (!wanted_) return std::string(text);
  return std::string("\x1b[") + colour + "m" + std::string(text) + "\x1b[0m";
}

std::string Paint::marked(std::string_view text) const {
  return sequence("33", text);  // yellow
}

std::string Paint::plain(std::string_view text) const {
  return sequence("39", text);  // the terminal's default colour
}

std::string Paint::added(std::string_view text) const {
  return sequence("32", text);  // green
}

std::string Paint::removed(std::string_view text) const {
  return sequence("31", text);  // red
}

}  // namespace tare::runtime
