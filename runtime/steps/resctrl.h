// SPDX-License-Identifier: Apache-2.0
//
// Intel RDT: config-linux.md "IntelRdt".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// A group of resctrl (kernel: Documentation/filesystems/resctrl.rst) that init is put into.
struct EnterResctrl {
  static constexpr const char* calls = "mkdirat write(schemata) write(tasks)";
  static constexpr Actors actors{Actor::host};
  std::string group;        // a directory of resctrl; empty: its root
  bool must_exist = false;  // made beforehand, by somebody else
  bool keeps = false;       // stays when the container is deleted, whoever made it
  struct Line {
    std::string text;
    std::string origin;
    bool compared = false;  // a group that was there must have these values already
  };
  std::vector<Line> schemata;
  std::string monitor;  // a directory in the group's mon_groups, or empty
  [[nodiscard]] std::string words() const;
};

// The same group for a process that joins the container.
struct JoinResctrl {
  static constexpr const char* calls = "write(tasks)";
  static constexpr Actors actors{Actor::host};
  std::string group;    // as of EnterResctrl
  std::string monitor;  // as of EnterResctrl
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using ResctrlSteps = Steps<step::EnterResctrl, step::JoinResctrl>;

Result<void> perform(const step::EnterResctrl&, LaunchContext&);
Result<void> perform(const step::JoinResctrl&, LaunchContext&);

}  // namespace tare::runtime
