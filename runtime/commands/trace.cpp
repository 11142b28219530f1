// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"
#include "oci/output/trace.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/commands/timeline.h"

namespace tare::runtime {

namespace {

constexpr std::size_t largest_trace = std::size_t{16} << 20;

Result<int> trace_command(const CommandContext& context) {
  const std::string& file = context.id();
  const std::string text =
      TRY(read_regular_file(AT_FDCWD, file.c_str(), largest_trace).because("read " + quote(file)));
  const oci::Trace trace = TRY(oci::decode_trace(text).because(quote(file)));
  TRY(print_out(longest_steps(trace, static_cast<std::size_t>(context.options().count("count")))));
  return 0;
}

constexpr Option options[] = {
    {.name = "count",
     .letter = 'n',
     .takes = Option::Takes::count,
     .value = "N",
     .help = "number of steps to print",
     .fallback = "20"},
};
constexpr Example examples[] = {
    {"Find out where the time of an exec goes:",
     "tare --trace exec.json exec web true\ntare trace exec.json"},
};

}  // namespace

const Command trace_row = {
    .name = "trace",
    .arguments = "FILE",
    .summary = "print the longest steps of a command that ran with --trace",
    .description =
        "Prints the longest steps in a file that `tare --trace FILE` wrote, each with its time in "
        "milliseconds, how much of that time its process spent on a CPU, and the process: the "
        "host's, which is the command itself; a stage, which joins namespaces; init, which becomes "
        "the container; and the stub, which init is until it executes the program. The first step "
        "is the whole command, and a step may contain others. Between its time and its CPU time, a "
        "step waits: for a lock of the kernel, for a grace period of RCU, or for another "
        "process.\n\n"
        "The file has the trace event format of Chrome, in which ui.perfetto.dev shows a time line "
        "with a row for each process.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = trace_command,
    .examples = examples,
    .see_also = "tare(1) tare-plan(1)",
};

}  // namespace tare::runtime
