// SPDX-License-Identifier: Apache-2.0
//
// A container's terminal, as who serves it sees it: its master, read and written without waiting.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// Whether the descriptor is the master of a pseudoterminal.
bool is_master(int fd);

class Terminal {
 public:
  // The open file description must be ours alone: it becomes non-blocking.
  static Result<Terminal> open(UniqueFd master);

  [[nodiscard]] int get() const { return master_.get(); }
  // Readable when something has happened; look() takes that. Told once for each change, so that a
  // terminal that nobody has open costs nothing, and one that is opened again is served again.
  [[nodiscard]] int events() const { return events_.get(); }
  void look();

  // Until read() or write() has moved nothing.
  [[nodiscard]] bool may_read() const { return may_read_; }
  [[nodiscard]] bool may_write() const { return may_write_; }
  // How many bytes; 0 if there are none now.
  std::size_t read(std::span<char> space);
  std::size_t write(std::string_view data);

  // What was written last is still to be read, whether or not its event has come.
  void expect_output() { may_read_ = true; }

  // Nothing more will be typed: gives the program its terminal's end-of-file (VEOF, as ^D does)
  // once it has read all that was. To be called again whenever something has happened: the end of a
  // file stays, so whoever reads next gets one too. In raw mode, where it is a character like
  // others, the program gets some at most: it may not mean anything to it.
  void end_input();

 private:
  Terminal(UniqueFd master, UniqueFd events)
      : master_(std::move(master)), events_(std::move(events)) {}
  [[nodiscard]] bool is_all_read() const;

  UniqueFd master_;
  UniqueFd events_;
  bool may_read_ = true;
  bool may_write_ = true;
  int raw_ends_ = 0;
};

}  // namespace tare::runtime
