// SPDX-License-Identifier: Apache-2.0
//
// A step of a plan as JSON: `tare plan --format json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

struct PlannedStep {
  std::optional<std::string> change;  // "-" or "+", only with --diff
  std::optional<std::int64_t> step;   // its number, and
  std::string actor;                  // "host", "stage", "init", "stub"
  std::optional<std::int64_t> after;  // the step of another actor that must finish first
  std::string what;
  std::string details;  // values that `what` leaves out
  std::string calls;    // the system calls
  std::string origin;   // JSON pointer into config.json
};

// One line.
std::string encode_plan(const std::vector<PlannedStep>& steps);

}  // namespace tare::oci
