// SPDX-License-Identifier: Apache-2.0
//
// Copies between the caller's standard streams and a container's terminal. The directions do not
// wait for each other: each has a buffer of its own, which is filled again when it is empty.
#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime/foreground/callers_terminal.h"
#include "runtime/foreground/stream.h"
#include "runtime/foreground/terminal_master.h"

namespace tare::runtime {

class Buffer {
 public:
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::string_view content() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void remove(std::size_t count) { begin_ += count; }
  void clear() { begin_ = end_; }
  // Only for an empty buffer.
  [[nodiscard]] std::span<char> space() { return bytes_; }
  void fill(std::size_t count) {
    begin_ = 0;
    end_ = count;
  }

 private:
  std::array<char, 16384> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class Relay {
 public:
  Relay(Terminal terminal, CallersTerminal& caller);

  // For poll(2): the awaited events, and the work after it returns.
  using Watched = std::array<pollfd, 3>;
  [[nodiscard]] Watched wishes() const;
  [[nodiscard]] bool is_ready() const;  // without waiting
  void move(std::span<const pollfd> watched);

  // The input has ended. A process that opens the terminal when nobody has it open causes no event,
  // and it must get the end of the file, too: call again_after_a_while() from time to time.
  [[nodiscard]] bool repeats_end() const { return input_has_ended_ && !program_has_ended_; }
  void again_after_a_while();

  // The program has exited. Its output is still copied; further input belongs to the caller.
  void end();
  // Does not wait for its reader.
  void abandon_output() { output_.clear(), left_ = 0; }
  [[nodiscard]] bool is_done() const { return output_.empty() && (left_ == 0 || !may_read()); }

  void copy_size() const { runtime::copy_size(terminal_.get()); }
  // Why a part of the output is lost; nothing if only its reader has gone.
  [[nodiscard]] std::optional<Fault> lost() const { return lost_; }

 private:
  [[nodiscard]] bool may_read() const { return terminal_.may_read(); }
  void write_output(short happened);
  void read_output();
  void read_input(short happened);
  void write_input();

  Terminal terminal_;
  CallersTerminal& caller_;
  Stream stdin_;
  Stream stdout_;
  Buffer input_;
  Buffer output_;
  bool input_has_ended_ = false;
  bool program_has_ended_ = false;
  bool reader_is_gone_ = false;
  std::size_t left_;
  std::optional<Fault> lost_;
};

}  // namespace tare::runtime
