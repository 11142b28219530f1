// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/faults.h"

#ifdef TARE_FAULT_POINTS
#include <cstdlib>
#include <string_view>

#include "base/text.h"

namespace tare::runtime {

int planned_fault(int step) {
  const char* wanted = std::getenv("TARE_FAULT");
  if (wanted == nullptr) return 0;
  const auto parts = split(wanted, ':');
  if (parts.size() != 2 || parse_number<int>(parts[0]) != step) return 0;
  return parse_number<int>(parts[1]).value_or(0);
}

}  // namespace tare::runtime
#endif
