// SPDX-License-Identifier: Apache-2.0
//
// How the host sends what it opens after init was cloned, mount trees and the `tasks` files of v1
// cgroups: attached to a message.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/do/context.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

// Reports a step to init. The message carries what init has not received yet.
Call<void> tell_init(LaunchContext& context, const stub::Report& report);

// Init's end of the channel: the next report of the host, or nothing if the host is gone.
class Hearing {
 public:
  explicit Hearing(LaunchContext& context);
  Call<std::optional<stub::Report>> next();

 private:
  void place_arrived();

  LaunchContext& context_;
  std::vector<Slot> slots_;  // in the order in which the trees arrive
  std::size_t placed_ = 0;
  bool entries_are_handed_;
  std::vector<UniqueFd> arrived_;  // not yet placed
};

}  // namespace tare::runtime
