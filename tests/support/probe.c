// SPDX-License-Identifier: Apache-2.0
//
// Makes one system call and prints its errno (0 for success): probe NUMBER [ARGUMENT]...
// An argument is a number, or @TEXT for a pointer to TEXT.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  long words[7] = {0};
  for (int i = 1; i < argc && i <= 7; ++i) {
    words[i - 1] = argv[i][0] == '@' ? (long)(argv[i] + 1) : (long)strtoull(argv[i], NULL, 0);
  }
  errno = 0;
  syscall(words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
  char text[16];
  const int length = snprintf(text, sizeof text, "%d\n", errno);
  return write(1, text, (size_t)length) == length ? 0 : 1;
}
