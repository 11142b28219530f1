// SPDX-License-Identifier: Apache-2.0
// Two threads. The second leaves the uts namespace that it shares with the first.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

static void* second(void* unused) {
  (void)unused;
  if (unshare(CLONE_NEWUTS) != 0 || sethostname("second", 6) != 0) perror("uts");
  if (unshare(CLONE_NEWUSER) != 0) perror("threads: unshare(CLONE_NEWUSER)");
  puts("ready");
  fflush(stdout);
  pause();
  return NULL;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, second, NULL);
  pthread_join(thread, NULL);
}
