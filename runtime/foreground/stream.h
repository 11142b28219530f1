// SPDX-License-Identifier: Apache-2.0
//
// One of the caller's standard streams, read or written without blocking.
//
// O_NONBLOCK belongs to the open file description, which the caller's shell uses too. If tare set
// it, the shell's own reads would fail, and a killed tare would leave it set. So tare never sets
// it:
//
//   non-blocking already (Node's pipes)  used as it is
//   socket                               each call says MSG_DONTWAIT
//   pipe, fifo, terminal                 opened again through /proc/self/fd: that description is
//                                        our own
//   the same, where that is not allowed  after poll(2), no more at once than there is room for
//   (another user's terminal, after su)
//   others                               regular files, /dev/null: nobody is waited for
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

class Stream {
 public:
  static Stream input(int fd);
  static Stream output(int fd);

  [[nodiscard]] int fd() const { return own_ ? own_.get() : fd_; }  // for poll(2)
  // Returns the number of bytes; 0 at the end of the input, EAGAIN if there are none now.
  [[nodiscard]] Call<std::size_t> read(std::span<char> space) const;
  // Returns the number of written bytes; EAGAIN if none can be written now. Call it only after
  // poll(2).
  [[nodiscard]] Call<std::size_t> write(std::string_view data) const;

 private:
  Stream(int fd, int access);

  int fd_;
  UniqueFd own_;  // the same file, opened again
  bool is_socket_ = false;
  std::size_t room_;  // the maximum of one write(2)
};

}  // namespace tare::runtime
