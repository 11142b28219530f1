// SPDX-License-Identifier: Apache-2.0
//
// What every step of a plan has. The headers of this room list the steps by noun: plain data, one
// type per kind of effect, with its words, the system calls that it makes, and the actors that can
// perform it. A planner (runtime/plan) decides every value; runtime/do performs and decides
// nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace tare::runtime {

struct LaunchContext;  // runtime/do/context.h

enum class Actor : std::uint8_t {
  host,   // the process that was called
  stage,  // a child that joins namespaces and clones init; only where init cannot join them itself
  init,   // the child that becomes the container
  stub,   // init after it became the stub (runtime/stub/program.h)
};

// Who performs a kind of step. The host and its children call perform(), which stands below the
// steps in their header; the stub is given instructions (runtime/do/execution.cpp). For each actor
// that a step names, the compiler demands that.
class Actors {
 public:
  constexpr Actors(std::initializer_list<Actor> actors) {
    for (const Actor actor : actors) bits_ |= bit(actor);
  }
  [[nodiscard]] constexpr bool contains(Actor actor) const { return (bits_ & bit(actor)) != 0; }

 private:
  static constexpr unsigned bit(Actor actor) { return 1U << static_cast<unsigned>(actor); }
  unsigned bits_ = 0;
};

// The kinds of step of one noun.
template <class... Kinds>
struct Steps {};

// A path as the container sees it. It is resolved by runtime/do/inside.h, beneath the container's
// root, and by nothing else: it has no conversion to a string that a system call would take.
struct InsidePath {
  explicit InsidePath(std::string path = {}) : shown(std::move(path)) {}
  std::string shown;
};

// Descriptors that the host takes before the container exists, by number: every process of the
// launch has its own copy of the table.
using Slot = int;

}  // namespace tare::runtime
