// SPDX-License-Identifier: Apache-2.0
//
// Planned faults: in a build for tests TARE_FAULT=STEP:ERRNO makes one step of the plan fail, in
// whichever process it is performed. In a release build this is a constant 0.
#pragma once

namespace tare::runtime {

#ifdef TARE_FAULT_POINTS
int planned_fault(int step);  // the errno, or 0
#else
constexpr int planned_fault(int) {
  return 0;
}
#endif

}  // namespace tare::runtime
