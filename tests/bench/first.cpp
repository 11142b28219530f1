// SPDX-License-Identifier: Apache-2.0
//
// The program of a container that tells when it runs: CLOCK_MONOTONIC in nanoseconds.
#include <time.h>

#include <cstdio>

int main() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  std::printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
}
