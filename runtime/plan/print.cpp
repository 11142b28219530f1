// SPDX-License-Identifier: Apache-2.0
//
// The table of `tare plan`.
#include <cstddef>
#include <string>

#include "runtime/plan/plan.h"

namespace tare::runtime {

namespace {

void pad(std::string& line, std::size_t column) {
  line.append(line.size() < column ? column - line.size() : 1, ' ');
}

}  // namespace

std::string print_plan(const Plan& plan) {
  std::string table = "step  actor  after  what\n";
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    std::string line = std::to_string(i);
    pad(line, 6);
    line += name(step.actor);
    pad(line, 13);
    line += step.after == no_step ? "-" : std::to_string(step.after);
    pad(line, 20);
    line += describe(step.action);
    pad(line, 76);
    line += std::string("[") + calls(step.action) + "]";
    if (!step.origin.empty()) line += "  " + step.origin;
    table += line + "\n";
  }
  return table;
}

}  // namespace tare::runtime
