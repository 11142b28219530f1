// SPDX-License-Identifier: Apache-2.0
//
// The master of a container's terminal, read and written without blocking.
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
  // The open file description must be private to us, because it becomes non-blocking.
  static Result<Terminal> open(UniqueFd master);

  [[nodiscard]] int get() const { return master_.get(); }
  // Readable when something has happened; look() consumes that. Reported once for each change, so a
  // terminal that no process has open costs nothing, and one that is opened again is served again.
  [[nodiscard]] int events() const { return events_.get(); }
  void look();

  // True until read() or write() has moved nothing.
  [[nodiscard]] bool may_read() const { return may_read_; }
  [[nodiscard]] bool may_write() const { return may_write_; }
  // Returns the number of bytes; 0 if there are none now.
  std::size_t read(std::span<char> space);
  std::size_t write(std::string_view data);

  // The last written data is still to be read, whether or not its event has come.
  void expect_output() { may_read_ = true; }

  // The input has ended: sends the terminal's end-of-file character (VEOF, as ^D does) once the
  // program has read everything before it. Call it again whenever something has happened: the end
  // of a file is permanent, so later readers get one too. In raw mode, where it is an ordinary
  // character, the program gets only some of them, because it may not understand them; and none if
  // only time has passed.
  enum class Cause { event, time };
  void end_input(Cause cause);

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
