// SPDX-License-Identifier: Apache-2.0
#include "oci/output/trace.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<TraceArguments>) {
  return Table{
      Field<&TraceArguments::name>{"name"},
      Field<&TraceArguments::calls>{"calls"},
      Field<&TraceArguments::nanoseconds>{"nanoseconds", Presence::always},
      Field<&TraceArguments::cpuNanoseconds>{"cpuNanoseconds"},
  };
}

constexpr auto fields(Of<TraceEvent>) {
  return Table{
      Field<&TraceEvent::name>{"name", Presence::required},
      Field<&TraceEvent::ph>{"ph", Presence::required},
      Field<&TraceEvent::ts>{"ts", Presence::always},
      Field<&TraceEvent::dur>{"dur", Presence::always},
      Field<&TraceEvent::pid>{"pid", Presence::always},
      Field<&TraceEvent::tid>{"tid", Presence::always},
      Field<&TraceEvent::args>{"args", Presence::always},
  };
}

constexpr auto fields(Of<Trace>) {
  return Table{
      Field<&Trace::traceEvents>{"traceEvents", Presence::required},
      Field<&Trace::displayTimeUnit>{"displayTimeUnit"},
  };
}

std::string encode_trace(const Trace& trace) {
  return encode_document(trace) + '\n';
}

Result<Trace> decode_trace(std::string_view json) {
  return decode_document<Trace>(json);
}

}  // namespace tare::oci
