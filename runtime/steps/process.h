// SPDX-License-Identifier: Apache-2.0
//
// Attributes that a process inherits, one system call each: config.md "Process".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// The CPU affinity of a joining process until it is in the cgroup (config.md, execCPUAffinity): set
// on tare itself and inherited by its clones.
struct InitialCpus {
  static constexpr const char* calls = "sched_setaffinity";
  static constexpr Actors actors{Actor::host};
  std::vector<unsigned long> cpus;  // a bit each
  [[nodiscard]] std::string words() const;
};

// Resets the caller's CPU affinity. The container's cpuset still applies.
struct AllCpus {
  static constexpr const char* calls = "sched_setaffinity";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

struct FinalCpus {
  static constexpr const char* calls = "sched_setaffinity";
  static constexpr Actors actors{Actor::init};
  std::vector<unsigned long> cpus;  // a bit each
  [[nodiscard]] std::string words() const;
};

struct SetScheduler {
  static constexpr const char* calls = "sched_setattr";
  static constexpr Actors actors{Actor::init};
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // ns
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
  [[nodiscard]] std::string words() const;
};

struct SetIoPriority {
  static constexpr const char* calls = "ioprio_set";
  static constexpr Actors actors{Actor::init};
  int value = 0;
  [[nodiscard]] std::string words() const;
};

struct SetPersonality {
  static constexpr const char* calls = "personality";
  static constexpr Actors actors{Actor::init};
  unsigned long domain = 0;
  [[nodiscard]] std::string words() const;
};

struct SetMemoryPolicy {
  static constexpr const char* calls = "set_mempolicy";
  static constexpr Actors actors{Actor::init};
  int mode = 0;                      // MPOL_*, with its flags
  std::vector<unsigned long> nodes;  // a bit mask; empty: none
  [[nodiscard]] std::string words() const;
};

struct SetUmask {
  static constexpr const char* calls = "umask";
  static constexpr Actors actors{Actor::init};
  unsigned mask = 022;
  [[nodiscard]] std::string words() const;
};

struct OomScoreAdj {
  static constexpr const char* calls = "openat write";
  static constexpr Actors actors{Actor::host};
  std::int64_t value = 0;
  [[nodiscard]] std::string words() const;
};

struct SetRlimit {
  static constexpr const char* calls = "prlimit64";
  static constexpr Actors actors{Actor::host, Actor::stub};
  std::string type;
  int resource = 0;
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
  [[nodiscard]] std::string words() const;
};

struct SessionKeyring {
  static constexpr const char* calls = "keyctl";
  static constexpr Actors actors{Actor::init};
  std::string name;
  std::string label;  // SELinux's, or empty
  [[nodiscard]] std::string words() const;
};

// Finds HOME in the container's /etc/passwd, if the process has none.
struct FindHome {
  static constexpr const char* calls = "openat2 read";
  static constexpr Actors actors{Actor::init};
  std::uint32_t uid = 0;
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using ProcessSteps =
    Steps<step::InitialCpus, step::AllCpus, step::FinalCpus, step::SetScheduler,
          step::SetIoPriority, step::SetPersonality, step::SetMemoryPolicy, step::SetUmask,
          step::OomScoreAdj, step::SetRlimit, step::SessionKeyring, step::FindHome>;

Call<void> perform(const step::InitialCpus&, LaunchContext&);
Call<void> perform(const step::AllCpus&, LaunchContext&);
Call<void> perform(const step::FinalCpus&, LaunchContext&);
Call<void> perform(const step::SetScheduler&, LaunchContext&);
Call<void> perform(const step::SetIoPriority&, LaunchContext&);
Call<void> perform(const step::SetPersonality&, LaunchContext&);
Call<void> perform(const step::SetMemoryPolicy&, LaunchContext&);
Call<void> perform(const step::SetUmask&, LaunchContext&);
Result<void> perform(const step::OomScoreAdj&, LaunchContext&);
Result<void> perform(const step::SetRlimit&, LaunchContext&);
Call<void> perform(const step::SessionKeyring&, LaunchContext&);
Call<void> perform(const step::FindHome&, LaunchContext&);

}  // namespace tare::runtime
