// SPDX-License-Identifier: Apache-2.0
//
// A step of a plan as a program reads it: `tare plan --format json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

struct PlannedStep {
  std::optional<std::string> change;  // "-" or "+", of --diff alone
  std::optional<std::int64_t> step;   // its number, and
  std::string actor;                  // "host", "stage", "init", "stub"
  std::optional<std::int64_t> after;  // the step of another actor that must be done first
  std::string what;
  std::string details;  // values that `what` leaves out
  std::string calls;    // the system calls
  std::string origin;   // JSON pointer into config.json
};

// One line.
std::string encode_plan(const std::vector<PlannedStep>& steps);

}  // namespace tare::oci
