// SPDX-License-Identifier: Apache-2.0
//
// The way of the trees that are taken after init was cloned: from the host to init, with a message.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/do/context.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

// Tells init of a step, and gives it the trees if it has not got them.
Call<void> tell_init(LaunchContext& context, const stub::Report& report);

// Init's end: what the host tells, or nothing when it is gone.
class Hearing {
 public:
  explicit Hearing(LaunchContext& context);
  Call<std::optional<stub::Report>> next();

 private:
  void place_trees();

  LaunchContext& context_;
  std::vector<Slot> slots_;  // where trees go, in the order in which they come
  std::size_t placed_ = 0;
  std::vector<UniqueFd> trees_;  // that came
};

}  // namespace tare::runtime
