/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what sysconf(3) says of the first cache, after it has compared copies of many lengths. A length
 * decides how memcpy(3), memmove(3) and memset(3) work: with one register, with several, with "rep movsb", beside the
 * caches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 16 << 20, GAP = 4096 };

static unsigned char from[LONGEST + 2 * GAP], to[LONGEST + 2 * GAP];

static unsigned char wanted(size_t place) { return (unsigned char)(place * 31 + (place >> 8)); }

static void check(const unsigned char* bytes, size_t length, size_t first, const char* what) {
  if (memcmp(bytes, from + first, length) == 0) return;
  printf("%s of %zu\n", what, length);
  exit(1);
}

static void copy(size_t length) {
  memset(to, 0xA5, length + GAP);
  if (to[0] != 0xA5 || memcmp(to, to + 1, length + GAP - 1) != 0) exit(1);
  memcpy(to + 3, from + 5, length);
  check(to + 3, length, 5, "memcpy");
  if (to[2] != 0xA5 || to[length + 3] != 0xA5) exit(1);
  memcpy(to, from, length + GAP);
  memmove(to + 64, to, length);
  check(to + 64, length, 0, "memmove up");
  memcpy(to, from, length + GAP);
  memmove(to, to + 64, length);
  check(to, length, 64, "memmove down");
}

int main(void) {
  for (size_t i = 0; i < sizeof from; ++i) from[i] = wanted(i);
  for (size_t length = 1; length < LONGEST; length = length * 5 / 3 + 1) copy(length);
  for (size_t length = 4096; length <= LONGEST; length *= 2) {
    copy(length - 1);
    copy(length);
  }
  printf("%ld\n", sysconf(_SC_LEVEL1_DCACHE_SIZE));
  return 0;
}
