// SPDX-License-Identifier: Apache-2.0
//
// steps FILE PROGRAM [ARGUMENT]...: executes the program and its children one instruction at a
// time, until they execute another program. Writes to FILE the places of all instructions of
// PROGRAM's file that were executed, once each, in the order of the first time: hexadecimal, as the
// file is linked, one to a line. For x86-64. A command takes about half a minute.
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>

namespace {

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Where the kernel has mapped the program; its children have it at the same place.
Range mapped(pid_t pid, const std::string& program) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  Range range;
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(program)) continue;
    const std::size_t dash = line.find('-');
    if (range.begin == 0) range.begin = std::stoull(line.substr(0, dash), nullptr, 16);
    range.end = std::stoull(line.substr(dash + 1), nullptr, 16);
  }
  return range;
}

void follow(pid_t first, Range range, FILE* places) {
  std::set<std::uint64_t> known;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (pid == first) return;
      continue;
    }
    if (status >> 16 == PTRACE_EVENT_EXEC) {
      ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
      continue;
    }
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, pid, nullptr, &registers);
    const std::uint64_t at = registers.rip;
    if (at >= range.begin && at < range.end && known.insert(at).second) {
      ::fprintf(places, "%llx\n", static_cast<unsigned long long>(at - range.begin));
    }
    const int number = WSTOPSIG(status);
    const bool is_ours = number == SIGTRAP || number == SIGSTOP;
    ::ptrace(PTRACE_SINGLESTEP, pid, nullptr, is_ours ? 0L : static_cast<long>(number));
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return 2;
  FILE* places = ::fopen(words[1], "w");
  if (places == nullptr) return 1;
  const pid_t first = ::fork();
  if (first == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::execv(words[2], words + 2);
    ::_exit(127);
  }
  int status = 0;
  if (::waitpid(first, &status, 0) != first || !WIFSTOPPED(status)) return 1;
  constexpr long followed = PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  ::ptrace(PTRACE_SETOPTIONS, first, nullptr, followed);
  ::ptrace(PTRACE_SINGLESTEP, first, nullptr, nullptr);
  follow(first, mapped(first, words[2]), places);
  return ::fclose(places) == 0 ? 0 : 1;
}
