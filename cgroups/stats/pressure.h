// SPDX-License-Identifier: Apache-2.0
//
// Notifications that processes wait for a resource: Documentation/accounting/psi.rst, "Monitoring
// for pressure thresholds". Only on cgroup v2.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"
#include "oci/output/events.h"

namespace tare::cgroups {

class PressureWatch {
 public:
  // Kind::unsupported, with the reason, if the kernel does not support it.
  static Result<PressureWatch> open(const std::vector<Directory>& directories,
                                    const oci::PressureTrigger& trigger);

  [[nodiscard]] int descriptor() const { return fd_.get(); }  // POLLPRI, at most once in a window
  [[nodiscard]] const oci::PressureTrigger& trigger() const { return trigger_; }

  // Evaluates the result of poll(2): true if the threshold was reached. A removed cgroup is not
  // watched any more.
  bool reached(short events);

 private:
  PressureWatch(UniqueFd fd, oci::PressureTrigger trigger)
      : fd_(std::move(fd)), trigger_(std::move(trigger)) {}

  UniqueFd fd_;  // a trigger exists as long as its descriptor
  oci::PressureTrigger trigger_;
};

}  // namespace tare::cgroups
