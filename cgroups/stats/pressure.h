// SPDX-License-Identifier: Apache-2.0
//
// Being told that processes wait for a resource: Documentation/accounting/psi.rst, "Monitoring for
// pressure thresholds". Of cgroup v2 only.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"
#include "oci/output/events.h"

namespace tare::cgroups {

class PressureWatch {
 public:
  // Kind::unsupported, with the reason, where the kernel does not tell of it.
  static Result<PressureWatch> open(const std::vector<Directory>& directories,
                                    const oci::PressureTrigger& trigger);

  [[nodiscard]] int descriptor() const { return fd_.get(); }  // POLLPRI, at most once in a window
  [[nodiscard]] const oci::PressureTrigger& trigger() const { return trigger_; }

  // What poll(2) has found: true if the limit was reached. A cgroup that is gone is not watched any
  // more.
  bool reached(short events);

 private:
  PressureWatch(UniqueFd fd, oci::PressureTrigger trigger)
      : fd_(std::move(fd)), trigger_(std::move(trigger)) {}

  UniqueFd fd_;  // the kernel keeps a trigger as long as its descriptor
  oci::PressureTrigger trigger_;
};

}  // namespace tare::cgroups
