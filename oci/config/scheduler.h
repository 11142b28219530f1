// SPDX-License-Identifier: Apache-2.0
//
// process.scheduler (config.md, "Linux Process").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

enum class SchedulerPolicy { OTHER, FIFO, RR, BATCH, ISO, IDLE, DEADLINE };

template <>
struct Names<SchedulerPolicy> {
  using enum SchedulerPolicy;
  static constexpr std::array table = {
      EnumName<SchedulerPolicy>{OTHER, "SCHED_OTHER"},
      EnumName<SchedulerPolicy>{FIFO, "SCHED_FIFO"},
      EnumName<SchedulerPolicy>{RR, "SCHED_RR"},
      EnumName<SchedulerPolicy>{BATCH, "SCHED_BATCH"},
      EnumName<SchedulerPolicy>{ISO, "SCHED_ISO"},
      EnumName<SchedulerPolicy>{IDLE, "SCHED_IDLE"},
      EnumName<SchedulerPolicy>{DEADLINE, "SCHED_DEADLINE"},
  };
};

enum class SchedulerFlag {
  RESET_ON_FORK,
  RECLAIM,
  DL_OVERRUN,
  KEEP_POLICY,
  KEEP_PARAMS,
  UTIL_CLAMP_MIN,
  UTIL_CLAMP_MAX
};

template <>
struct Names<SchedulerFlag> {
  using enum SchedulerFlag;
  static constexpr std::array table = {
      EnumName<SchedulerFlag>{RESET_ON_FORK, "SCHED_FLAG_RESET_ON_FORK"},
      EnumName<SchedulerFlag>{RECLAIM, "SCHED_FLAG_RECLAIM"},
      EnumName<SchedulerFlag>{DL_OVERRUN, "SCHED_FLAG_DL_OVERRUN"},
      EnumName<SchedulerFlag>{KEEP_POLICY, "SCHED_FLAG_KEEP_POLICY"},
      EnumName<SchedulerFlag>{KEEP_PARAMS, "SCHED_FLAG_KEEP_PARAMS"},
      EnumName<SchedulerFlag>{UTIL_CLAMP_MIN, "SCHED_FLAG_UTIL_CLAMP_MIN"},
      EnumName<SchedulerFlag>{UTIL_CLAMP_MAX, "SCHED_FLAG_UTIL_CLAMP_MAX"},
  };
};

struct Scheduler {
  SchedulerPolicy policy = SchedulerPolicy::OTHER;
  std::optional<std::int32_t> nice;
  std::optional<std::int32_t> priority;
  std::vector<SchedulerFlag> flags;
  std::optional<std::uint64_t> runtime;   // ns
  std::optional<std::uint64_t> deadline;  // ns
  std::optional<std::uint64_t> period;    // ns
};

constexpr auto fields(Of<Scheduler>) {
  return Table{
      Field<&Scheduler::policy>{"policy", Presence::required},
      Field<&Scheduler::nice>{"nice"},
      Field<&Scheduler::priority>{"priority"},
      Field<&Scheduler::flags>{"flags"},
      Field<&Scheduler::runtime>{"runtime"},
      Field<&Scheduler::deadline>{"deadline"},
      Field<&Scheduler::period>{"period"},
  };
}

}  // namespace tare::oci
