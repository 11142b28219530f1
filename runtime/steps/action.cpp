// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/action.h"

#include <cstddef>

namespace tare::runtime {

std::string describe(const Action& action) {
  return std::visit([](const auto& kind) { return kind.words(); }, action);
}

const char* calls(const Action& action) {
  return std::visit([](const auto& kind) { return kind.calls; }, action);
}

Actors actors_of(const Action& action) {
  return std::visit([](const auto& kind) { return kind.actors; }, action);
}

const char* name(Actor actor) {
  constexpr const char* names[] = {"host", "stage", "init", "stub"};
  return names[static_cast<std::size_t>(actor)];
}

}  // namespace tare::runtime
