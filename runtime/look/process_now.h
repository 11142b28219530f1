// SPDX-License-Identifier: Apache-2.0
//
// The state of a process, seen from outside: proc(5). The container's own /proc is not used.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::runtime {

struct CapabilitySets {
  std::uint64_t inheritable = 0;
  std::uint64_t permitted = 0;
  std::uint64_t effective = 0;
  std::uint64_t bounding = 0;
  std::uint64_t ambient = 0;
};

// /proc/PID/status. The ids are as mapped in the reader's user namespace.
struct StatusNow {
  std::vector<std::uint32_t> uids;  // real, effective, saved and file system ID
  std::vector<std::uint32_t> gids;
  std::vector<std::uint32_t> groups;
  unsigned umask = 0;
  bool no_new_privileges = false;
  int seccomp_mode = 0;
  int seccomp_filters = 0;
  CapabilitySets capabilities;
  std::string cpus;  // "0-3"
};
StatusNow parse_status(std::string_view text);

struct RlimitNow {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};
// /proc/PID/limits, by the resource numbers of getrlimit(2).
std::map<int, RlimitNow> parse_limits(std::string_view text);

struct SchedulerNow {
  std::uint32_t policy = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
};

struct ProcessNow {
  StatusNow status;
  std::map<int, RlimitNow> limits;
  std::vector<oci::IDMapping> uid_map;
  std::vector<oci::IDMapping> gid_map;
  std::int64_t oom_score_adj = 0;
  std::string label;                         // attr/current; empty without a security module
  std::string time_offsets;                  // timens_offsets
  std::optional<unsigned long> personality;  // nothing if the reader may not see it
  std::optional<SchedulerNow> scheduler;
  std::optional<int> io_priority;
};
Result<ProcessNow> look_at_process(pid_t pid);

}  // namespace tare::runtime
