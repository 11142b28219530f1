// SPDX-License-Identifier: Apache-2.0
#include "oci/config/scheduler.h"

#include <algorithm>
#include <initializer_list>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

bool is_one_of(SchedulerPolicy policy, std::initializer_list<SchedulerPolicy> policies) {
  return std::find(policies.begin(), policies.end(), policy) != policies.end();
}

// sched(7): not implemented in any kernel.
void known_policy(const Scheduler& scheduler, const Place& place, Problems& problems) {
  if (scheduler.policy != SchedulerPolicy::ISO) return;
  problems.add(Error::unsupported(Place(place, "policy").pointer(), "no kernel has SCHED_ISO"));
}

// sched(7): a nice value of -20 to 19, for the time-sharing policies.
void nice_value(const Scheduler& scheduler, const Place& place, Problems& problems) {
  const std::int32_t nice = scheduler.nice.value_or(0);
  if (nice < -20 || nice > 19) {
    problems.add(Place(place, "nice"), "must be from -20 to 19, is " + std::to_string(nice));
  }
  using enum SchedulerPolicy;
  if (nice != 0 && !is_one_of(scheduler.policy, {OTHER, BATCH})) {
    problems.add(Place(place, "nice"), "needs SCHED_OTHER or SCHED_BATCH");
  }
}

// sched(7): a static priority of 1 to 99 for the real-time policies, none for the others.
void static_priority(const Scheduler& scheduler, const Place& place, Problems& problems) {
  const Place at(place, "priority");
  const std::int32_t priority = scheduler.priority.value_or(0);
  using enum SchedulerPolicy;
  const bool real_time = is_one_of(scheduler.policy, {FIFO, RR});
  if (real_time && (priority < 1 || priority > 99)) {
    problems.add(at, "must be from 1 to 99, is " + std::to_string(priority));
  }
  if (!real_time && priority != 0) problems.add(at, "needs SCHED_FIFO or SCHED_RR");
}

// sched(7): runtime <= deadline <= period, where a period of 0 means the deadline; only for
// SCHED_DEADLINE.
void deadlines(const Scheduler& scheduler, const Place& place, Problems& problems) {
  const std::uint64_t runtime = scheduler.runtime.value_or(0);
  const std::uint64_t deadline = scheduler.deadline.value_or(0);
  const std::uint64_t period = scheduler.period.value_or(0);
  if (scheduler.policy != SchedulerPolicy::DEADLINE) {
    if (runtime == 0 && deadline == 0 && period == 0) return;
    return problems.add(place, "runtime, deadline and period go only with SCHED_DEADLINE");
  }
  if (runtime == 0) problems.add(Place(place, "runtime"), "must not be 0 with SCHED_DEADLINE");
  if (runtime > deadline || (period != 0 && deadline > period)) {
    problems.add(place, "must have runtime <= deadline <= period");
  }
}

}  // namespace

void check(const Scheduler& scheduler, const Place& place, Problems& problems) {
  static constexpr Rule<Scheduler> rules[] = {known_policy, nice_value, static_priority, deadlines};
  check_rules<Scheduler>(rules, scheduler, place, problems);
}

}  // namespace tare::oci
