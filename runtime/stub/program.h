// SPDX-License-Identifier: Apache-2.0
//
// The interface between tare and its stub.
//
// The stub is the last program that runs before the container's own: a freestanding executable of a
// few KiB that init becomes by execveat(2) from a sealed memfd. It walks a list of instructions
// that tare appended to its image, and ends in execve(2) of the container's program (or in exit).
// It decides nothing. Why it exists:
//   - /proc/PID/exe of a process that the container can see is never the host's tare binary
//     (CVE-2019-5736): a program that is `#!/proc/self/exe` gets the stub, sealed, and nothing
//     else;
//   - the waiting init of a created container costs a few pages, not a runtime.
//
// The image is the stub's ELF file with the program (Header, instructions, strings) at its end,
// mapped by the second program header at `program_address`. Pointers in the program are absolute.
#pragma once

#include <cstdint>

namespace tare::runtime::stub {

inline constexpr std::uint64_t program_address = 0x10001000;

// Every message between host, stage, init and stub. The fixed size is below PIPE_BUF, so it is
// written and read as a whole. `error` 0: the step is done. The host checks every report
// (runtime/launch/reports.h).
struct Report {
  std::int32_t step = 0;
  std::int32_t error = 0;  // errno
  std::int64_t value = 0;  // the step's result, if it has one (a pid)
  std::int64_t began = 0;  // CLOCK_REALTIME in ns, if the launch is traced
  std::int64_t ended = 0;
  std::int64_t cpu = -1;  // how much of it on a CPU; -1 from the stub, which does not ask
  char call[24] = {};     // Fault::call; empty from the stub
  char note[104] = {};    // the kernel's message (fsconfig's log), or empty
};
static_assert(sizeof(Report) == 168);

enum class Operation : std::uint32_t {
  call,              // system call a[0] with a[1..5]; failure is reported and ends the stub
  call_told,         // the same, and its result is reported and kept
  stop_clock,        // no more times in reports: a filter might not allow the call
  close_told,        // closes the descriptor that call_told got
  drop_bounding,     // drops all capabilities but the set a[0] from the bounding set
  enter_directory,   // chdir(a[0]); EACCES and EPERM are kept for retry_directory
  retry_directory,   // chdir(a[0]) again, as the user, if enter_directory was refused
  verify_directory,  // getcwd(2) must be absolute: "(unreachable)" is a leaked host directory
  find_program,      // a[0]: number, a[1]: address of candidate paths; the first executable one is
                     // taken
  set_attribute,     // writes a[3] bytes at a[2] to file a[1] in directory a[0] and reads it back:
                     // it must begin with the word of a[5] bytes at a[4]
  report,            // reports that the step is done
  report_to,         // later reports go to descriptor a[0]
  end_on_signal,     // signal a[0] ends the stub, also if it is init of a pid namespace
  await,             // reads one byte from descriptor a[0]; at its end the stub exits silently
  fork,              // clone(a[0]: flags); the parent reports the pid and exits
  execute,           // execve(found program): its a[0] arguments and its environment are what the
                     // stub has for an environment
  fail,              // reports error a[0]: a planned fault, tests only
};

struct Instruction {
  Operation operation = Operation::call;
  std::int32_t step = 0;
  std::uint64_t a[6] = {};
};

struct Header {
  std::uint64_t count = 0;      // instructions that follow the header
  std::int64_t report_fd = -1;  // the first descriptor for reports
  std::uint64_t traced = 0;     // reports have times
};

}  // namespace tare::runtime::stub
