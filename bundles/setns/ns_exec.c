// SPDX-License-Identifier: Apache-2.0
// ns_exec FILE COMMAND [ARGUMENT]...: runs a command in the namespace that FILE refers to.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char** words) {
  if (count < 3) return 2;
  const int any_kind = 0;
  int file = open(words[1], O_RDONLY | O_CLOEXEC);
  if (file < 0 || setns(file, any_kind) != 0) {
    perror(words[1]);
    return 1;
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 127;
}
