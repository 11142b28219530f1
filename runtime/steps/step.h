// SPDX-License-Identifier: Apache-2.0
//
// Common parts of all steps of a plan. The headers of this directory define the steps by noun:
// plain data, one type per kind of effect, with its text, the system calls that it makes, and the
// actors that can perform it. A planner (runtime/plan) decides every value; runtime/do performs the
// steps and decides nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace tare::runtime {

struct LaunchContext;  // runtime/do/context.h

enum class Actor : std::uint8_t {
  host,   // the process that was called
  stage,  // a child that joins namespaces and clones init, if init cannot join them itself
  init,   // the child that becomes the container
  stub,   // init after it became the stub (runtime/stub/program.h)
};

// The actors of a kind of step. The host and its children call perform(), declared below the steps
// in their header; the stub gets instructions (runtime/do/execution.cpp). The compiler requires one
// of them for each actor that a step names.
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

// A path as the container sees it. Only runtime/do/inside.h resolves it, below the container's
// root. It has no conversion to a string, so that no system call can use it by mistake.
struct InsidePath {
  explicit InsidePath(std::string path = {}) : shown(std::move(path)) {}
  std::string shown;
};

// The number of a descriptor that the host opens before the container exists. Every process of the
// launch has its own copy of the table.
using Slot = int;

}  // namespace tare::runtime
