// SPDX-License-Identifier: Apache-2.0
//
// The floor of commands for which the kernel has nothing to do: an empty static program.
int main() {
  return 0;
}
