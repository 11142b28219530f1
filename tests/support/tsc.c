// SPDX-License-Identifier: Apache-2.0
// Prints how many kHz the time stamp counter of this machine has, by the clock of its kernel.
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct moment {
  unsigned long long ticks;
  double seconds;
};

// Both at the same time: the attempt that took the fewest ticks.
static struct moment now(void) {
  struct moment best = {0, 0};
  unsigned long long least = -1ULL;
  for (int i = 0; i < 100; ++i) {
    struct timespec time;
    unsigned long long before = __rdtsc();
    clock_gettime(CLOCK_MONOTONIC, &time);
    unsigned long long took = __rdtsc() - before;
    if (took < least) {
      least = took;
      best = (struct moment){before, (double)time.tv_sec + (double)time.tv_nsec / 1e9};
    }
  }
  return best;
}

int main(void) {
  struct moment first = now();
  nanosleep(&(struct timespec){0, 200000000}, NULL);
  struct moment second = now();
  printf("%.0f\n", (double)(second.ticks - first.ticks) / (second.seconds - first.seconds) / 1000);
}
