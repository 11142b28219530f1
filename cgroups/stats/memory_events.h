// SPDX-License-Identifier: Apache-2.0
//
// Out of memory: the kernel's counters and notifications.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

struct OomReport {
  // Killed processes of the cgroup and those below it (v2 memory.events, v1 memory.oom_control).
  std::uint64_t kills = 0;
  // The full path of the container's cgroup, or of one below it, if its own limit was reached.
  // Empty if none was: then a parent cgroup or the machine ran out of memory.
  std::string limit;
};

// Nothing without a memory controller, or if the cgroup is gone.
std::optional<OomReport> oom_report(const std::vector<Directory>& directories);

// The changes since the last call.
struct MemoryChanges {
  bool oom = false;                    // it ran out of memory
  std::optional<std::uint64_t> kills;  // total number of killed processes, if it has grown
  std::optional<std::uint64_t> high;   // v2: total number of memory.high events, if it has grown
};

// Reports when the container runs out of memory.
class MemoryWatch {
 public:
  // Without a memory controller there is nothing to watch: descriptor() is -1.
  static Result<MemoryWatch> open(const std::vector<Directory>& directories);

  // For poll(2), with events().
  [[nodiscard]] int descriptor() const { return fd_.get(); }
  [[nodiscard]] short events() const;

  // Never waits. A removed cgroup is not watched any more.
  Result<MemoryChanges> changes();

  // v1 notifies before the kill, and not after it. While this is true, call changes() without
  // waiting for poll(2). It becomes false after a second, because the cgroup's OOM killer may be
  // disabled.
  [[nodiscard]] bool kill_is_due() const;

 private:
  Result<MemoryChanges> changes_v1();
  Result<MemoryChanges> changes_v2();
  MemoryChanges grown(std::uint64_t kills, std::uint64_t high);

  Directory place_;
  UniqueFd directory_;
  UniqueFd fd_;              // v2: memory.events; v1: the eventfd
  std::uint64_t kills_ = 0;  // seen so far
  std::uint64_t high_ = 0;
  std::chrono::steady_clock::time_point due_until_;
};

}  // namespace tare::cgroups
