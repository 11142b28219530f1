// SPDX-License-Identifier: Apache-2.0
//
// Watches a container without a supervising process of ours.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// Wakes up when the container may have been started, paused or resumed; Container::status() then
// returns which. `start` removes the fifo from the store, v2 reports its freezer in cgroup.events,
// and inotify(7) reports writes to that of v1.
class LifecycleWatch {
 public:
  static Result<LifecycleWatch> open(const Container& container);

  // Two descriptors for poll(2), either of them -1 if there is nothing to watch.
  [[nodiscard]] int changes() const { return inotify_.get(); }       // POLLIN
  [[nodiscard]] int frozen_events() const { return events_.get(); }  // POLLPRI

  // Consumes the events that woke us, or they would again. Never waits.
  void rearm();

 private:
  UniqueFd inotify_;
  UniqueFd events_;
};

}  // namespace tare::runtime
