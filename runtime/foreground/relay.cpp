// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/relay.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace tare::runtime {

namespace {

// More than a terminal holds (12 KiB): any output beyond that after the program has exited is from
// another process.
constexpr std::size_t most_after_end = std::size_t{64} << 10;

constexpr short broken = POLLERR | POLLHUP | POLLNVAL;

}  // namespace

Relay::Relay(Terminal terminal, CallersTerminal& caller)
    : terminal_(std::move(terminal)),
      caller_(caller),
      stdin_(Stream::input(STDIN_FILENO)),
      stdout_(Stream::output(STDOUT_FILENO)),
      left_(std::numeric_limits<std::size_t>::max()) {}

Relay::Watched Relay::wishes() const {
  const bool wants_input = !input_has_ended_ && !program_has_ended_ && input_.empty();
  return {pollfd{terminal_.events(), POLLIN, 0},
          pollfd{output_.empty() ? -1 : stdout_.fd(), POLLOUT, 0},
          pollfd{wants_input ? stdin_.fd() : -1, POLLIN, 0}};
}

bool Relay::is_ready() const {
  return output_.empty() && left_ > 0 && may_read();
}

void Relay::move(std::span<const pollfd> watched) {
  if (watched[0].revents != 0) terminal_.look();
  if (watched[1].revents != 0) write_output(watched[1].revents);
  if (is_ready()) read_output();
  if (program_has_ended_) return;
  if (watched[2].revents != 0) read_input(watched[2].revents);
  write_input();
}

void Relay::write_output(short happened) {
  // A reader that is gone leaves no room, or write(2) fails.
  if ((happened & POLLOUT) != 0) {
    const Call<std::size_t> written = stdout_.write(output_.content());
    if (written.ok()) return output_.remove(*written);
    const int error = written.error().error;
    if (error == EAGAIN && (happened & broken) == 0) return;
    if (error != EAGAIN && error != EPIPE && error != EIO) lost_ = written.error();
  }
  // The program continues: its output is still read, so that it does not block.
  reader_is_gone_ = true;
  output_.clear();
}

void Relay::read_output() {
  const std::span<char> space = output_.space();
  const std::size_t count = terminal_.read(space.first(std::min(space.size(), left_)));
  output_.fill(count);
  if (program_has_ended_) left_ -= count;
  if (reader_is_gone_) output_.clear();
}

void Relay::read_input(short happened) {
  const CallersTerminal::Input claimed = caller_.claim_input();
  if (claimed == CallersTerminal::Input::later) return;
  const Call<std::size_t> count = stdin_.read(input_.space());
  if (count.ok() && *count > 0) return input_.fill(*count);
  const bool is_early = !count.ok() && count.error().error == EAGAIN && (happened & broken) == 0;
  input_has_ended_ = !is_early;
}

void Relay::write_input() {
  while (!input_.empty() && terminal_.may_write()) {
    input_.remove(terminal_.write(input_.content()));
  }
  if (input_has_ended_ && input_.empty()) terminal_.end_input(Terminal::Cause::event);
}

void Relay::again_after_a_while() {
  if (repeats_end() && input_.empty()) terminal_.end_input(Terminal::Cause::time);
}

void Relay::end() {
  program_has_ended_ = true;
  left_ = most_after_end;
  terminal_.expect_output();
}

}  // namespace tare::runtime
