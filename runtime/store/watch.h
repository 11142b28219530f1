// SPDX-License-Identifier: Apache-2.0
//
// Noticing what happens to a container, without a process of ours that supervises it.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// Wakes when the container may have been started, paused or resumed; Container::status() then says
// which. `start` removes the fifo from the store; v2 tells of its freezer in cgroup.events, and who
// writes to that of v1 is seen by inotify(7).
class LifecycleWatch {
 public:
  static Result<LifecycleWatch> open(const Container& container);

  // Two descriptors for poll(2), either of them -1 if there is nothing to watch.
  [[nodiscard]] int changes() const { return inotify_.get(); }       // POLLIN
  [[nodiscard]] int frozen_events() const { return events_.get(); }  // POLLPRI

  // Takes what woke us, or it would do so again. Never waits.
  void rearm();

 private:
  UniqueFd inotify_;
  UniqueFd events_;
};

}  // namespace tare::runtime
