// SPDX-License-Identifier: Apache-2.0
//
// Tells a person what a command waits for: after a second a line at the terminal, redrawn each
// second, and erased at the end. Only code that already waits makes one. So a command that has not
// to wait pays nothing, and nobody needs a thread or a timer.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace tare {

class Progress {
 public:
  // `words` name the step: "freeze /sys/fs/cgroup/c1".
  explicit Progress(std::string words);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // For a loop that sleeps by itself.
  void look();

  // poll(2), which it interrupts each second for itself; -1 waits without end.
  int await(std::span<pollfd> entries, int timeout_ms);

 private:
  [[nodiscard]] std::int64_t elapsed_ms() const;

  std::string words_;
  std::chrono::steady_clock::time_point began_;
  std::int64_t drawn_s_ = 0;
};

// Before something else is written to standard error.
void erase_progress();

// The line without what moves the cursor, in less than `columns`: "tare: freeze /a/b (3 s)".
std::string progress_line(const std::string& words, std::int64_t seconds, unsigned columns);

}  // namespace tare
