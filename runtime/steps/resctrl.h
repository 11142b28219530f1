// SPDX-License-Identifier: Apache-2.0
//
// Steps for Intel RDT: config-linux.md "IntelRdt".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Puts init into a resctrl group (kernel: Documentation/filesystems/resctrl.rst).
struct EnterResctrl {
  static constexpr const char* calls = "mkdirat write(schemata) write(tasks)";
  static constexpr Actors actors{Actor::host};
  std::string group;        // a directory of resctrl; empty: its root
  bool must_exist = false;  // created by somebody else before
  bool keeps = false;       // kept when the container is deleted
  struct Line {
    std::string text;
    std::string origin;
    bool compared = false;  // an existing group must already have these values
  };
  std::vector<Line> schemata;
  std::string monitor;  // a directory in the group's mon_groups, or empty
  [[nodiscard]] std::string words() const;
};

// Puts a process that joins the container into the same group.
struct JoinResctrl {
  static constexpr const char* calls = "write(tasks)";
  static constexpr Actors actors{Actor::host};
  std::string group;    // as in EnterResctrl
  std::string monitor;  // as in EnterResctrl
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using ResctrlSteps = Steps<step::EnterResctrl, step::JoinResctrl>;

Result<void> perform(const step::EnterResctrl&, LaunchContext&);
Result<void> perform(const step::JoinResctrl&, LaunchContext&);

}  // namespace tare::runtime
