// SPDX-License-Identifier: Apache-2.0
#include "base/faults.h"

#ifdef TARE_FAULT_POINTS
#include <cstdlib>
#include <string_view>

#include "base/text.h"

namespace tare {

namespace {

int planned(const char* variable, int number) {
  const char* wanted = std::getenv(variable);
  if (wanted == nullptr) return 0;
  const auto parts = split(wanted, ':');
  if (parts.size() != 2 || parse_number<int>(parts[0]) != number) return 0;
  return parse_number<int>(parts[1]).value_or(0);
}

}  // namespace

int planned_fault(int step) {
  return planned("TARE_FAULT", step);
}

int planned_write_fault() {
  static int writes = 0;
  return planned("TARE_FAULT_WRITE", ++writes);
}

}  // namespace tare
#endif
