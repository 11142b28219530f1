// SPDX-License-Identifier: Apache-2.0
//
// Runs a command and interferes with one of its system calls, or with every call of one kind:
//
//   inject LOG PID PROCESS ACTION -- COMMAND...
//
//   LOG      gets a line "PROCESS CALL NUMBER" for each system call that was counted, or only for those that were hit
//   PID      a process to follow as well (the init of a created container), or 0
//   PROCESS  0 is the command, 1 the first process that it makes (or PID), ...; -1 is any
//   ACTION   count            nothing
//            kill:CALL        SIGKILL before the call with this ordinal, counted from 1
//            fail:CALL:ERRNO  the call is not made and returns this error
//            every:NUMBER:ERRNO  each call with this number is not made and returns this error
//            hold:CALL        the process stops before the call until inject gets SIGUSR1; others go on
//            starve:CALL      from this call on the process gets no memory: brk(2), mmap(2) and mremap(2) fail
//
// strace counts `when=` for each name of a call: it cannot say "the Nth call". Here each process has one count, and
// with PROCESS -1 they share one. A process that executes something else than the runtime (a hook, the program of a
// container) is let go at once. Exits as the command did, or with 128 and the signal.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT, KILL, FAIL, EVERY, STARVE, HOLD };
enum { STAYS = -1 };

static struct {
  int kind, process;
  long call, error;
} action;

static struct follower {
  pid_t pid;
  long calls;
  long answer;    // what the call that is under way returns, or 0
  long argument;  // what its first argument was, or 0
} followed[64];
static int followers;
static long all_calls;
static FILE* record;
static struct stat runtime;  // the command's program
static volatile sig_atomic_t held;  // the process that stays stopped, or 0

static void fatal(const char* what) {
  fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
  exit(125);
}

static struct follower* find(pid_t pid) {
  for (int i = 0; i < followers; ++i) {
    if (followed[i].pid == pid) return &followed[i];
  }
  if (followers == sizeof followed / sizeof *followed) return &followed[followers - 1];
  followed[followers].pid = pid;
  return &followed[followers++];
}

static void follow(pid_t pid) {
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                       PTRACE_O_TRACEEXEC;
  if (ptrace(PTRACE_SEIZE, pid, NULL, options) != 0) fatal("seize");
}

// The runtime itself, a sealed copy of it, or its stub.
static int is_of_the_runtime(pid_t pid) {
  char path[32], name[64] = "";
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  if (readlink(path, name, sizeof name - 1) > 0 && strncmp(name, "/memfd:", 7) == 0) return 1;
  return stat(path, &status) == 0 && status.st_dev == runtime.st_dev && status.st_ino == runtime.st_ino;
}

static void note(const struct follower* process, long number) {
  fprintf(record, "%d %ld %ld\n", (int)(process - followed), process->calls, number);
}

static int is_wanted(const struct follower* process, long number) {
  if (action.process >= 0 && process != &followed[action.process]) return 0;
  if (action.kind == EVERY) return number == action.call;
  if (action.kind == STARVE)
    return process->calls >= action.call && (number == SYS_brk || number == SYS_mmap || number == SYS_mremap);
  return (action.process < 0 ? all_calls : process->calls) == action.call;
}

// As the kernel does it: a close(2) that fails has closed, and a brk(2) that fails returns the end as it is.
static void refuse(struct follower* process, long number) {
  if (number == SYS_brk) {
    process->argument = ptrace(PTRACE_PEEKUSER, process->pid, offsetof(struct user, regs.rdi), NULL);
    ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rdi), 0L);
    return;
  }
  process->answer = -action.error;
  if (number == SYS_close) return;
  ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.orig_rax), -1L);
}

static void let_go(int number) {
  const int before = errno;
  (void)number;
  if (held != 0) ptrace(PTRACE_SYSCALL, (pid_t)held, NULL, 0L);
  held = 0;
  errno = before;
}

// Returns whether the process stays there.
static int enter(struct follower* process, long number) {
  ++process->calls;
  ++all_calls;
  process->answer = process->argument = 0;
  if (action.kind != COUNT && !is_wanted(process, number)) return 0;
  note(process, number);
  if (action.kind == COUNT) return 0;
  if (action.kind == HOLD) held = process->pid;  // before anybody can read the line and send the signal
  fflush(record);
  if (action.kind == HOLD) return 1;
  if (action.kind == KILL) {
    kill(process->pid, SIGKILL);
  } else {
    refuse(process, number);
  }
  return 0;
}

static int at_system_call(struct follower* process) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof info, &info) <= 0) return 0;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) return enter(process, (long)info.entry.nr);
  if (process->argument != 0)
    ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rdi), process->argument);
  if (process->answer == 0) return 0;
  ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rax), process->answer);
  process->answer = process->argument = 0;
  return 0;
}

// Returns what the process goes on with: a request of ptrace(2), or STAYS, and a signal.
static long stopped(pid_t pid, int status, int* deliver) {
  const int number = WSTOPSIG(status), event = status >> 16;
  struct follower* process = find(pid);
  *deliver = 0;
  if (number == (SIGTRAP | 0x80)) {
    if (at_system_call(process)) return STAYS;
  } else if (event == PTRACE_EVENT_STOP) {
    if (number != SIGTRAP) return PTRACE_LISTEN;
  } else if (event == PTRACE_EVENT_EXEC) {
    if (!is_of_the_runtime(pid)) return PTRACE_DETACH;
  } else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
    unsigned long made = 0;
    if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &made) == 0) find((pid_t)made);
  } else {
    *deliver = number;
  }
  return PTRACE_SYSCALL;
}

static int watch(pid_t command) {
  for (;;) {
    int status = 0, deliver = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) fatal("wait");
    if (WIFSTOPPED(status)) {
      const long request = stopped(pid, status, &deliver);
      if (request != STAYS) ptrace((enum __ptrace_request)request, pid, NULL, (long)deliver);
    } else if (pid == command) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
}

static pid_t start(char** words) {
  int gate[2];
  char byte;
  if (pipe(gate) != 0) fatal("pipe");
  const pid_t pid = fork();
  if (pid < 0) fatal("fork");
  if (pid == 0) {
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 0) _exit(125);
    close(gate[0]);
    execv(words[0], words);
    fatal(words[0]);
  }
  close(gate[0]);
  find(pid);
  follow(pid);
  close(gate[1]);
  return pid;
}

static void parse(const char* text) {
  if (sscanf(text, "kill:%ld", &action.call) == 1) action.kind = KILL;
  if (sscanf(text, "fail:%ld:%ld", &action.call, &action.error) == 2) action.kind = FAIL;
  if (sscanf(text, "starve:%ld", &action.call) == 1) {
    action.kind = STARVE;
    action.error = ENOMEM;
  }
  if (sscanf(text, "hold:%ld", &action.call) == 1) action.kind = HOLD;
  if (sscanf(text, "every:%ld:%ld", &action.call, &action.error) == 2) action.kind = EVERY;
}

int main(int argc, char** argv) {
  if (argc < 7) return 125;
  record = fopen(argv[1], "we");
  if (record == NULL || stat(argv[6], &runtime) != 0) fatal("open");
  const pid_t more = (pid_t)atol(argv[2]);
  action.process = atoi(argv[3]);
  parse(argv[4]);
  signal(SIGUSR1, let_go);
  const pid_t command = start(argv + 6);
  if (more != 0) {
    find(more);
    follow(more);
    ptrace(PTRACE_INTERRUPT, more, NULL, NULL);
  }
  const int code = watch(command);
  fclose(record);
  return code;
}
