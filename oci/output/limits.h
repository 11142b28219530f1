// SPDX-License-Identifier: Apache-2.0
//
// The limits that hold for a container, as `tare cgroup show` tells them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

// Of one cgroup. Bytes, processes, or thousandths of a CPU.
struct LimitOfCgroup {
  std::string file;                    // of the limit: its path on the host
  std::optional<std::uint64_t> limit;  // none: there is no limit
  std::optional<std::uint64_t> usage;  // none: nothing is counted
};

struct Limit {
  std::string resource;  // "memory"
  std::string unit;      // "bytes", "processes", "milliCPUs"
  LimitOfCgroup own;
  // Of the container's cgroup and those above it, the one that is nearest to its limit. None: no
  // cgroup limits this.
  std::optional<LimitOfCgroup> binds;
};

// What is no limit of a use: weights, CPUs, devices.
struct Setting {
  std::string resource;
  std::string value;
  std::string file;
};

// Shares of the last 10 seconds in which some or all tasks waited: "1.25", in percent.
struct PressureNow {
  std::string resource;
  std::string some;
  std::string full;
};

struct ThrottledNow {
  std::uint64_t periods = 0;
  std::uint64_t throttled = 0;    // of them
  std::uint64_t nanoseconds = 0;  // for which it had to wait
};

struct Limits {
  std::string id;
  std::vector<Limit> limits;
  std::vector<Setting> settings;
  std::vector<PressureNow> pressure;  // empty: the kernel does not tell
  ThrottledNow throttling;
  std::optional<std::uint64_t> oomKills;  // none: there is no memory controller
};

// One line.
std::string encode_limits(const Limits& limits);

}  // namespace tare::oci
