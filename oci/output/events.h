// SPDX-License-Identifier: Apache-2.0
//
// The lines of `tare events`: one JSON object each, newline at the end.
#pragma once

#include <cstdint>
#include <string>

#include "oci/exit.h"
#include "oci/output/stats.h"

namespace tare::oci {

// {"type":"stats","id":...,"data":{...}}
std::string encode_stats_event(const std::string& id, const Stats& stats);

// {"type":"exited","id":...,"data":{...}}
std::string encode_exited_event(const std::string& id, const Exit& exit);

// {"type":"memory.high","id":...,"data":{"count":3}}
std::string encode_count_event(const char* type, const std::string& id, std::uint64_t count);

// The threshold for reporting that processes wait for a resource.
struct PressureTrigger {
  std::string resource;  // "memory": of memory.pressure
  std::string kind;      // "some" of them wait, or the "full" set
  std::uint64_t stallUsec = 0;
  std::uint64_t windowUsec = 0;  // the time window of the threshold
};

// {"type":"psi","id":...,"data":{"resource":"memory","kind":"some",...}}
std::string encode_pressure_event(const std::string& id, const PressureTrigger& trigger);

// {"type":"oom","id":...}
std::string encode_event(const char* type, const std::string& id);

}  // namespace tare::oci
