// SPDX-License-Identifier: Apache-2.0
//
// Running out of memory: what the kernel counts of it, and being told of it.
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
  // Of processes in the cgroup and those below it (v2 memory.events, v1 memory.oom_control).
  std::uint64_t kills = 0;
  // The full path of the container's cgroup, or of one below it, if its own limit was reached.
  // Empty: that of none of them was, so what ran out was a cgroup above, or the machine.
  std::string limit;
};

// Nothing without a memory controller, and when the cgroup is gone.
std::optional<OomReport> oom_report(const std::vector<Directory>& directories);

// What has happened since the last time.
struct MemoryChanges {
  bool oom = false;                    // it ran out of memory
  std::optional<std::uint64_t> kills;  // how many processes were killed by now, if it has grown
  std::optional<std::uint64_t> high;   // v2: how often it was above memory.high, if that has grown
};

// Tells when the container runs out of memory.
class MemoryWatch {
 public:
  // With no memory controller there is nothing to watch: descriptor() is -1.
  static Result<MemoryWatch> open(const std::vector<Directory>& directories);

  // For poll(2), with events().
  [[nodiscard]] int descriptor() const { return fd_.get(); }
  [[nodiscard]] short events() const;

  // Never waits. A cgroup that is gone is not watched any more.
  Result<MemoryChanges> changes();

  // v1 tells before it kills, and not again: while this is so changes() is to be called without
  // being woken. It ends after a second, as a cgroup may be without the killer.
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
