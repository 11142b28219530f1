// SPDX-License-Identifier: Apache-2.0
//
// The limits that apply to a container, as `tare cgroup show` prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

// For one cgroup. In the unit of its Limit.
struct LimitOfCgroup {
  std::string file;                    // the host path of the limit's file
  std::optional<std::uint64_t> limit;  // none: there is no limit
  std::optional<std::uint64_t> usage;  // none: not counted
};

struct Limit {
  std::string resource;  // "memory"
  std::string unit;  // "bytes", "processes", "milliCPUs" (thousandths), "hca_handle", "hca_object"
  LimitOfCgroup own;
  // The cgroup that is closest to its limit, of the container's cgroup and its parents. None: no
  // cgroup limits the resource.
  std::optional<LimitOfCgroup> binds;
};

// Settings that are not limits: weights, CPUs, devices.
struct Setting {
  std::string resource;
  std::string value;
  std::string file;
};

// The share of the last 10 seconds in which some or all tasks waited: "1.25", in percent.
struct PressureNow {
  std::string resource;
  std::string some;
  std::string full;
};

struct ThrottledNow {
  std::uint64_t periods = 0;
  std::uint64_t throttled = 0;    // of them
  std::uint64_t nanoseconds = 0;  // the time that it waited
};

struct Limits {
  std::string id;
  std::vector<Limit> limits;
  std::vector<Setting> settings;
  std::vector<PressureNow> pressure;  // empty: not supported by the kernel
  ThrottledNow throttling;
  std::optional<std::uint64_t> oomKills;  // none: there is no memory controller
};

// One line.
std::string encode_limits(const Limits& limits);

}  // namespace tare::oci
