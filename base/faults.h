// SPDX-License-Identifier: Apache-2.0
//
// Planned faults, in a build for tests. In a release build these are a constant 0.
#pragma once

namespace tare {

#ifdef TARE_FAULT_POINTS
// The errno with which to fail, or 0.

// TARE_FAULT=STEP:ERRNO: one step of the plan, in whichever process it is performed.
int planned_fault(int step);
// TARE_FAULT_WRITE=N:ERRNO: the Nth change of the kernel's state in this process, from 1 on: a
// write to one of its files, or a device program attached or detached. To be asked once for each.
int planned_write_fault();
#else
constexpr int planned_fault(int) {
  return 0;
}
constexpr int planned_write_fault() {
  return 0;
}
#endif

}  // namespace tare
