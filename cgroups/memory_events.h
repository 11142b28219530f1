// SPDX-License-Identifier: Apache-2.0
//
// Running out of memory: what the kernel counts of it, and being told of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/place.h"

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

// Tells when the container runs out of memory.
class OomWatch {
 public:
  // With no memory controller there is nothing to watch: descriptor() is -1.
  static Result<OomWatch> open(const std::vector<Directory>& directories);

  // For poll(2), with events().
  [[nodiscard]] int descriptor() const { return fd_.get(); }
  [[nodiscard]] short events() const;

  // Whether it has happened since the last time; never waits. A cgroup that is gone is not watched
  // any more.
  Result<bool> happened();

 private:
  int version_ = 2;
  UniqueFd directory_;
  UniqueFd fd_;              // v2: memory.events; v1: the eventfd
  std::uint64_t kills_ = 0;  // v2: seen so far
};

}  // namespace tare::cgroups
