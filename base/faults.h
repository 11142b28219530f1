// SPDX-License-Identifier: Apache-2.0
//
// Fault points of test builds. In a release build both functions are a constant 0.
#pragma once

namespace tare {

#ifdef TARE_FAULT_POINTS
// Both return the errno to fail with, or 0.

// TARE_FAULT=STEP:ERRNO: fails one step of the plan, in the process that performs it.
int planned_fault(int step);
// TARE_FAULT_WRITE=N:ERRNO: fails the Nth change of the kernel's state in this process, counted
// from 1: a write to one of its files, or a device program attached or detached. Call it once per
// change.
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
