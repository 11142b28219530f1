// SPDX-License-Identifier: Apache-2.0
//
// The stub (see program.h). Freestanding: no libc, no relocations, no writable data.
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "runtime/stub/program.h"

namespace {

using namespace tare::runtime::stub;
using Word = unsigned long;

#if defined(__x86_64__)
long system_call(Word number, Word a, Word b, Word c, Word d, Word e) {
  long result;
  register Word r10 __asm__("r10") = d;
  register Word r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call run_program\n"
    "  hlt\n");
#elif defined(__aarch64__)
long system_call(Word number, Word a, Word b, Word c, Word d, Word e) {
  register Word x8 __asm__("x8") = number;
  register Word x0 __asm__("x0") = a;
  register Word x1 __asm__("x1") = b;
  register Word x2 __asm__("x2") = c;
  register Word x3 __asm__("x3") = d;
  register Word x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return static_cast<long>(x0);
}
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x0, sp\n"
    "  and sp, x0, #-16\n"
    "  bl run_program\n"
    "  brk #0\n");
#elif defined(__riscv) && __riscv_xlen == 64
long system_call(Word number, Word a, Word b, Word c, Word d, Word e) {
  register Word a7 __asm__("a7") = number;
  register Word a0 __asm__("a0") = a;
  register Word a1 __asm__("a1") = b;
  register Word a2 __asm__("a2") = c;
  register Word a3 __asm__("a3") = d;
  register Word a4 __asm__("a4") = e;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
  return static_cast<long>(a0);
}
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mv s0, zero\n"
    "  mv a0, sp\n"
    "  andi sp, sp, -16\n"
    "  call run_program\n"
    "  ebreak\n");
#else
#error "the stub has no system call for this architecture yet"
#endif

[[noreturn]] void leave(int status) {
  for (;;) system_call(__NR_exit_group, static_cast<Word>(status), 0, 0, 0, 0);
}

struct Walk {
  long report_fd;
  const char* program;     // found by find_program
  bool directory_refused;  // enter_directory met EACCES or EPERM
  long told;               // the result of call_told
  bool traced;
  long began;          // when the step started that will be reported next
  const char** words;  // the stub's own arguments, which ps(1) shows
  const char** after;  // its environment: the program's arguments, then the program's environment
};

// The program's arguments need a 0 after them: they replace our own arguments, and use the 0 there.
long execute(const Walk& walk, Word arguments) {
  for (Word i = 0; i < arguments; ++i) walk.words[i] = walk.after[i];
  walk.words[arguments] = nullptr;
  return system_call(__NR_execve, reinterpret_cast<Word>(walk.program),
                     reinterpret_cast<Word>(walk.words),
                     reinterpret_cast<Word>(walk.after + arguments), 0, 0);
}

long now() {
  __kernel_timespec time;
  constexpr Word real_time = 0;  // base/story.h
  system_call(__NR_clock_gettime, real_time, reinterpret_cast<Word>(&time), 0, 0, 0);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

void send(Walk& walk, int step, long error, long value) {
  Report report;
  report.step = step;
  report.error = static_cast<int>(error);
  report.value = value;
  if (walk.traced) {
    report.began = walk.began;
    report.ended = walk.began = now();
  }
  long sent;
  do {
    sent = system_call(__NR_write, static_cast<Word>(walk.report_fd),
                       reinterpret_cast<Word>(&report), sizeof report, 0, 0);
  } while (sent == -EINTR);
  if (sent < 0) leave(1);  // the host would wait for it
}

// The value distinguishes a failed execve(2) from earlier failures.
[[noreturn]] void fail(Walk& walk, const Instruction& instruction, long error) {
  const bool planned = instruction.operation == Operation::fail && instruction.a[1] != 0;
  const bool executed = planned || instruction.operation == Operation::execute;
  send(walk, instruction.step, error, executed ? 1 : 0);
  leave(1);
}

// The kernel ends its list of capabilities with EINVAL. Without CAP_SETPCAP it refuses also to drop
// what is not in the set, or not in the list.
long drop_bounding(Word keep) {
  for (Word capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1) != 0) continue;
    const long result = system_call(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (result == 0) continue;
    if (result == -EINVAL) return 0;
    const long held = system_call(__NR_prctl, PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held == -EINVAL) return 0;
    if (held != 0) return result;
  }
  return 0;
}

// As execvp(3): the first candidate that may be executed; EACCES takes precedence over ENOENT.
// Without AT_EACCESS the capabilities of a non-root user would not count.
long find_program(Walk& walk, Word count, const char* const* candidates) {
  constexpr Word may_execute = 1;  // X_OK
  long result = -ENOENT;
  for (Word i = 0; i < count; ++i) {
    const Word path = reinterpret_cast<Word>(candidates[i]);
    const Word here = static_cast<Word>(AT_FDCWD);
    struct statx status;
    long error =
        system_call(__NR_statx, here, path, 0, STATX_TYPE, reinterpret_cast<Word>(&status));
    if (error == 0 && (status.stx_mode & S_IFMT) == S_IFDIR) error = -EISDIR;
    if (error == 0) error = system_call(__NR_faccessat2, here, path, may_execute, AT_EACCESS, 0);
    if (error == 0) {
      walk.program = candidates[i];
      return 0;
    }
    if (count == 1 || (error != -ENOENT && error != -ENOTDIR)) result = error;
  }
  return result;
}

long verify_directory() {
  char path[4096];
  const long length = system_call(__NR_getcwd, reinterpret_cast<Word>(path), sizeof path, 0, 0, 0);
  if (length < 0) return length;
  return path[0] == '/' ? 0 : -ENOENT;
}

// The kernel may add text after the word: "docker-default (enforce)\n".
bool begins_with(const char* text, Word length, const char* word, Word word_length) {
  if (length < word_length) return false;
  for (Word i = 0; i < word_length; ++i) {
    if (text[i] != word[i]) return false;
  }
  const char next = length > word_length ? text[word_length] : '\0';
  return word_length == 0 || next == '\0' || next == ' ' || next == '\n';
}

// The kernel accepts the text only from the task that opened the file, and in one write.
long set_attribute(const Instruction& instruction) {
  const auto& a = instruction.a;
  open_how how;
  how.flags = O_RDWR | O_CLOEXEC;
  how.mode = 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  const long fd =
      system_call(__NR_openat2, a[0], a[1], reinterpret_cast<Word>(&how), sizeof how, 0);
  if (fd < 0) return fd;
  const Word file = static_cast<Word>(fd);
  const long written = system_call(__NR_write, file, a[2], a[3], 0, 0);
  if (written < 0) return written;
  if (static_cast<Word>(written) != a[3]) return -EIO;
  char text[4096];
  const long length =
      system_call(__NR_pread64, file, reinterpret_cast<Word>(text), sizeof text, 0, 0);
  if (length < 0) return length;
  system_call(__NR_close, file, 0, 0, 0, 0);
  const bool as_written = length > 0 && begins_with(text, static_cast<Word>(length),
                                                    reinterpret_cast<const char*>(a[4]), a[5]);
  return as_written ? 0 : -EBADMSG;
}

// By default the kernel lets no signal end the init of a pid namespace (pid_namespaces(7)), so the
// stub sets a handler. execve(2) resets it.
[[noreturn]] void end_by(int number) {
  leave(128 + number);
}

long end_on_signal(Word number) {
  struct sigaction action {};
  action.sa_handler = end_by;
#ifdef SA_RESTORER
  action.sa_flags |= SA_RESTORER;  // required on x86-64; the handler never returns
  action.sa_restorer = nullptr;
#endif
  return system_call(__NR_rt_sigaction, number, reinterpret_cast<Word>(&action), 0,
                     sizeof action.sa_mask, 0);
}

void await(Word fd) {
  char byte;
  long count;
  do {
    count = system_call(__NR_read, fd, reinterpret_cast<Word>(&byte), 1, 0, 0);
  } while (count == -EINTR);
  if (count != 1) leave(1);
}

long change_directory(const Instruction& instruction) {
  return system_call(__NR_chdir, instruction.a[0], 0, 0, 0, 0);
}

long perform(Walk& walk, const Instruction& instruction) {
  const auto& a = instruction.a;
  switch (instruction.operation) {
    case Operation::call:
      return system_call(a[0], a[1], a[2], a[3], a[4], a[5]);
    case Operation::call_told: {
      const long result = system_call(a[0], a[1], a[2], a[3], a[4], a[5]);
      if (result >= 0) send(walk, instruction.step, 0, result);
      walk.told = result;
      return result;
    }
    case Operation::stop_clock:
      walk.traced = false;
      return 0;
    case Operation::close_told:
      system_call(__NR_close, static_cast<Word>(walk.told), 0, 0, 0, 0);
      return 0;
    case Operation::drop_bounding:
      return drop_bounding(a[0]);
    case Operation::enter_directory: {
      const long result = change_directory(instruction);
      walk.directory_refused = result == -EACCES || result == -EPERM;
      return walk.directory_refused ? 0 : result;
    }
    case Operation::retry_directory:
      return walk.directory_refused ? change_directory(instruction) : 0;
    case Operation::verify_directory:
      return verify_directory();
    case Operation::find_program:
      return find_program(walk, a[0], reinterpret_cast<const char* const*>(a[1]));
    case Operation::set_attribute:
      return set_attribute(instruction);
    case Operation::report:
      send(walk, instruction.step, 0, 0);
      return 0;
    case Operation::report_to:
      walk.report_fd = static_cast<long>(a[0]);
      return 0;
    case Operation::end_on_signal:
      return end_on_signal(a[0]);
    case Operation::await:
      await(a[0]);
      return 0;
    case Operation::fork: {
      // Not clone3(2): filters of container engines refuse it, because they cannot see its flags.
      const long pid = system_call(__NR_clone, a[0], 0, 0, 0, 0);
      if (pid > 0) {
        send(walk, instruction.step, 0, pid);
        leave(0);
      }
      return pid;
    }
    case Operation::execute:
      return execute(walk, a[0]);
    case Operation::fail:
      return -static_cast<long>(a[0]);
  }
  return -ENOSYS;
}

}  // namespace

extern "C" [[noreturn]] void run_program(Word* stack);
// Compilers may call memset to clear a struct, even when freestanding.
extern "C" void* memset(void* begin, int byte, Word count);
extern "C" void* memset(void* begin, int byte, Word count) {
  auto* at = static_cast<volatile char*>(begin);
  for (Word i = 0; i < count; ++i) at[i] = static_cast<char>(byte);
  return begin;
}

// The copy of a struct, of arm64's compilers.
extern "C" void* memcpy(void* to, const void* from, Word count) {
  for (Word i = 0; i < count; ++i) {
    static_cast<volatile char*>(to)[i] = static_cast<const char*>(from)[i];
  }
  return to;
}

// `stack` is the stack after execve(2): argc, argv, 0, envp, 0.
void run_program(Word* stack) {
  Walk walk{};
  walk.words = reinterpret_cast<const char**>(stack + 1);
  walk.after = walk.words + stack[0] + 1;
  const auto* header = reinterpret_cast<const Header*>(program_address);
  const auto* instructions = reinterpret_cast<const Instruction*>(header + 1);
  walk.report_fd = header->report_fd;
  walk.traced = header->traced != 0;
  if (walk.traced) walk.began = now();
  for (Word i = 0; i < header->count; ++i) {
    const long result = perform(walk, instructions[i]);
    if (result < 0) fail(walk, instructions[i], -result);
  }
  leave(0);
}
