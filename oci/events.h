// SPDX-License-Identifier: Apache-2.0
//
// The lines of `tare events`: one JSON object each, newline at the end.
#pragma once

#include <string>

#include "oci/exit.h"
#include "oci/stats.h"

namespace tare::oci {

// {"type":"stats","id":...,"data":{...}}
std::string encode_stats_event(const std::string& id, const Stats& stats);

// {"type":"exited","id":...,"data":{...}}
std::string encode_exited_event(const std::string& id, const Exit& exit);

// {"type":"oom","id":...}
std::string encode_event(const char* type, const std::string& id);

}  // namespace tare::oci
