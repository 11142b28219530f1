// SPDX-License-Identifier: Apache-2.0
#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace tare {

namespace {

bool is_shown = false;

constexpr std::string_view erasing = "\r\033[K";

// Files and pipes get nothing, and neither does a terminal on which somebody does something else
// while tare is in the background.
bool has_reader() {
  if (::isatty(STDERR_FILENO) == 0 || ::tcgetpgrp(STDERR_FILENO) != ::getpgrp()) return false;
  const char* terminal = ::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) != "dumb";
}

// What a terminal does not take is not worth a repetition.
void draw(std::string_view text) {
  [[maybe_unused]] const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
}

unsigned columns_of_terminal() {
  constexpr unsigned usual = 80;
  winsize size{};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return is_known ? size.ws_col : usual;
}

}  // namespace

// A line that wraps could not be erased. No character has more columns than bytes.
std::string progress_line(const std::string& words, std::int64_t seconds, unsigned columns) {
  constexpr std::string_view name = "tare: ";
  const std::string time = " (" + std::to_string(seconds) + " s)";
  std::string shown = printable(words);
  if (name.size() + shown.size() + time.size() >= columns) {
    const std::size_t others = name.size() + time.size() + 4;  // "..." and the last column
    std::size_t size = columns > others ? columns - others : 0;
    const auto is_inside_character = [&] { return (shown[size] & 0xc0) == 0x80; };
    while (size > 0 && is_inside_character()) --size;
    shown = shown.substr(0, size) + "...";
  }
  return std::string(name) + shown + time;
}

Progress::Progress(std::string words)
    : words_(std::move(words)), began_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (drawn_s_ != 0) erase_progress();
}

std::int64_t Progress::elapsed_ms() const {
  const auto elapsed = std::chrono::steady_clock::now() - began_;
  return std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
}

void Progress::look() {
  const std::int64_t seconds = elapsed_ms() / 1000;
  if (seconds <= drawn_s_) return;
  drawn_s_ = seconds;
  if (!has_reader()) return;
  is_shown = true;
  const std::string line = progress_line(words_, seconds, columns_of_terminal());
  draw(std::string(erasing) + line);
}

int Progress::await(std::span<pollfd> entries, int timeout_ms) {
  const std::int64_t end_ms = elapsed_ms() + timeout_ms;
  for (;;) {
    const std::int64_t now_ms = elapsed_ms();
    const std::int64_t until_redrawn = 1000 - now_ms % 1000;
    std::int64_t left = until_redrawn;
    if (timeout_ms >= 0) left = std::min(left, std::max<std::int64_t>(end_ms - now_ms, 0));
    const int ready = ::poll(entries.data(), entries.size(), static_cast<int>(left));
    if (ready != 0) return ready;
    look();
    if (timeout_ms >= 0 && elapsed_ms() >= end_ms) return 0;
  }
}

void erase_progress() {
  if (!std::exchange(is_shown, false)) return;
  if (has_reader()) draw(erasing);
}

}  // namespace tare
