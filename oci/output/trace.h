// SPDX-License-Identifier: Apache-2.0
//
// The file of `--trace`: Chrome's trace event format, which Perfetto opens (ui.perfetto.dev).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare::oci {

struct TraceArguments {
  std::string name;   // of the process, if the event names it
  std::string calls;  // the system calls of the step
  std::int64_t nanoseconds = 0;
  std::optional<std::int64_t> cpuNanoseconds;  // none: not measured
};

struct TraceEvent {
  std::string name;
  std::string ph;        // "X": a step with a duration, "i": a fact, "M": the name of a process
  std::int64_t ts = 0;   // when it began: microseconds since 1970
  std::int64_t dur = 0;  // microseconds
  std::int64_t pid = 0;  // of tare
  std::int64_t tid = 0;  // the row of the process that performs it
  TraceArguments args;
};

struct Trace {
  std::vector<TraceEvent> traceEvents;
  std::string displayTimeUnit = "ns";
};

std::string encode_trace(const Trace& trace);
Result<Trace> decode_trace(std::string_view json);

}  // namespace tare::oci
