// SPDX-License-Identifier: Apache-2.0
//
// The container's process (config.md "Process"): the steps of init and, after it, of the stub
// before execve(2), and their order.
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/kernel_abi.h"
#include "base/text.h"
#include "oci/annotations.h"
#include "runtime/plan/capabilities.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/labels.h"
#include "runtime/plan/rlimits.h"
#include "runtime/plan/seccomp/filter.h"
#include "runtime/plan/seccomp/raw.h"

namespace tare::runtime {

namespace {

// The environment for execve(2). If a name occurs several times, the last value is used at the
// place of the first.
std::vector<std::string> environment(const Draft& draft) {
  std::vector<std::string> entries;
  const auto put = [&](const std::string& entry) {
    const std::string_view name = std::string_view(entry).substr(0, entry.find('=') + 1);
    const auto same = std::find_if(entries.begin(), entries.end(),
                                   [&](const std::string& e) { return e.starts_with(name); });
    if (same == entries.end()) {
      entries.push_back(entry);
    } else {
      *same = entry;
    }
  };
  for (const auto& entry : draft.process.env) put(entry);
  if (draft.options.listen_descriptors > 0) {
    put("LISTEN_FDS=" + std::to_string(draft.options.listen_descriptors));
    put("LISTEN_PID=1");
    if (!draft.options.listen_names.empty()) put("LISTEN_FDNAMES=" + draft.options.listen_names);
  }
  // An empty HOME counts as unset.
  std::erase(entries, "HOME=");
  return entries;
}

// ---- what survives the stub's execve: init does it ----------------------------------------------

constexpr std::uint64_t bit(oci::SchedulerFlag flag) {
  return std::uint64_t{1} << static_cast<unsigned>(flag);  // SCHED_FLAG_* in the order of the enum
}

constexpr std::uint32_t kernel_policy(oci::SchedulerPolicy policy) {
  return static_cast<std::uint32_t>(policy);  // SCHED_OTHER 0, FIFO 1, RR 2, BATCH 3, ISO 4, ...
}
static_assert(kernel_policy(oci::SchedulerPolicy::DEADLINE) == 6);
static_assert(kernel_policy(oci::SchedulerPolicy::IDLE) == SCHED_IDLE);

void plan_scheduling(Draft& draft) {
  if (const auto& scheduler = draft.process.scheduler) {
    step::SetScheduler set;
    set.policy = kernel_policy(scheduler->policy);
    for (const auto flag : scheduler->flags) set.flags |= bit(flag);
    set.nice = scheduler->nice.value_or(0);
    set.priority = static_cast<std::uint32_t>(scheduler->priority.value_or(0));
    set.runtime = scheduler->runtime.value_or(0);
    set.deadline = scheduler->deadline.value_or(0);
    set.period = scheduler->period.value_or(0);
    draft.add<Actor::init>("/process/scheduler", set);
  }
  if (const auto& priority = draft.process.ioPriority) {
    const int classes[] = {kernel::ioprio_class_rt, kernel::ioprio_class_be,
                           kernel::ioprio_class_idle};
    const int value = (classes[static_cast<int>(priority->class_)] << kernel::ioprio_class_shift) |
                      priority->priority;
    draft.add<Actor::init>("/process/ioPriority", step::SetIoPriority{value});
  }
  if (const auto& personality = draft.linux_.personality) {
    const bool is_32_bit = personality->domain == oci::PersonalityDomain::LINUX32;
    draft.add<Actor::init>("/linux/personality",
                           step::SetPersonality{is_32_bit ? static_cast<unsigned long>(PER_LINUX32)
                                                          : static_cast<unsigned long>(PER_LINUX)});
  }
}

// The numbers of set_mempolicy(2), in the order of the enums.
constexpr int kernel_modes[] = {0 /* DEFAULT */,
                                2 /* BIND */,
                                3 /* INTERLEAVE */,
                                6 /* WEIGHTED */,
                                1 /* PREFERRED */,
                                5 /* PREFERRED_MANY */,
                                4 /* LOCAL */};
constexpr int kernel_mode_flags[] = {1 << 13 /* NUMA_BALANCING */, 1 << 14 /* RELATIVE_NODES */,
                                     1 << 15 /* STATIC_NODES */};

}  // namespace

std::vector<unsigned long> bit_mask(std::string_view list) {
  constexpr std::size_t word = 8 * sizeof(unsigned long);
  std::vector<unsigned long> mask;
  for (const std::string_view part : split(list, ',')) {
    if (part.empty()) continue;
    const auto ends = split(part, '-');
    const auto first = parse_number<std::size_t>(ends.front()).value_or(0);
    const auto last = parse_number<std::size_t>(ends.back()).value_or(0);
    for (std::size_t bit = first; bit <= last; ++bit) {
      if (mask.size() <= bit / word) mask.resize(bit / word + 1);
      mask[bit / word] |= 1UL << bit % word;
    }
  }
  return mask;
}

namespace {

void plan_memory_policy(Draft& draft) {
  const auto& policy = draft.linux_.memoryPolicy;
  if (!policy) return;
  step::SetMemoryPolicy set{kernel_modes[static_cast<int>(policy->mode)], bit_mask(policy->nodes)};
  for (const auto flag : policy->flags) set.mode |= kernel_mode_flags[static_cast<int>(flag)];
  draft.add<Actor::init>("/linux/memoryPolicy", std::move(set));
}

void plan_streams(Draft& draft, Joins joins) {
  const std::uint32_t uid = draft.process.user.uid;
  if (draft.in_user_namespace() && draft.host.holds(CAP_CHOWN)) {
    draft.add<Actor::host>("", step::OwnPipes{uid, joins == Joins::container});
  }
  draft.add<Actor::init>("", step::OwnStdio{uid});
}

}  // namespace

void plan_stub(Draft& draft, Joins joins) {
  const oci::Process& process = draft.process;
  draft.plan.args = process.args;
  draft.plan.env = environment(draft);

  plan_scheduling(draft);
  plan_memory_policy(draft);
  draft.add<Actor::init>("/process/user/umask", step::SetUmask{process.user.umask.value_or(022)});
  if (!process.terminal) plan_streams(draft, joins);
  draft.add<Actor::init>("", step::EnterStub{});
}

}  // namespace tare::runtime
