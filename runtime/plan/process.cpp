// SPDX-License-Identifier: Apache-2.0
//
// The container's process (config.md "Process"): what init and, after it, the stub do to themselves
// before execve(2), and the order in which it can be done.
#include <linux/capability.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>

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
#include "runtime/plan/seccomp.h"
#include "runtime/plan/seccomp_raw.h"

namespace tare::runtime {

namespace {

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The environment as execve(2) gets it: of several entries with one name the last counts, the place
// is that of the first.
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
  // An empty HOME counts as none.
  std::erase(entries, "HOME=");
  return entries;
}

// execvp(3)'s search, with the PATH of the container's process.
std::vector<std::string> program_candidates(const std::vector<std::string>& env,
                                            const std::string& name) {
  if (name.find('/') != std::string::npos) return {name};
  std::string_view path = default_path;
  for (const auto& entry : env) {
    if (entry.starts_with("PATH=")) path = std::string_view(entry).substr(5);
  }
  std::vector<std::string> candidates;
  for (const std::string_view directory : split(path, ':')) {
    candidates.push_back((directory.empty() ? "." : std::string(directory)) + "/" + name);
  }
  return candidates;
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
    draft.add(Actor::init, "/process/scheduler", set);
  }
  if (const auto& priority = draft.process.ioPriority) {
    const int classes[] = {kernel::ioprio_class_rt, kernel::ioprio_class_be,
                           kernel::ioprio_class_idle};
    const int value = (classes[static_cast<int>(priority->class_)] << kernel::ioprio_class_shift) |
                      priority->priority;
    draft.add(Actor::init, "/process/ioPriority", step::SetIoPriority{value});
  }
  if (const auto& personality = draft.linux_.personality) {
    const bool is_32_bit = personality->domain == oci::PersonalityDomain::LINUX32;
    draft.add(Actor::init, "/linux/personality",
              step::SetPersonality{is_32_bit ? static_cast<unsigned long>(PER_LINUX32)
                                             : static_cast<unsigned long>(PER_LINUX)});
  }
}

// ---- capabilities
// set_mempolicy(2)'s numbers, in the order of the enums.
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
    // The kernel knows at most 8192 CPUs and 1024 nodes, and refuses the others.
    const auto last =
        std::min<std::size_t>(parse_number<std::size_t>(ends.back()).value_or(0), 8191);
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
  draft.add(Actor::init, "/linux/memoryPolicy", std::move(set));
}

// ---------------------------------------------------------------------------------

struct Sets {
  std::uint64_t bounding = 0;
  step::SetCapabilities final;
  std::uint64_t held = 0;  // all that the process may hold until the end
};

// The spec asks that what cannot be granted is left out with a warning: sets are cut to what the
// kernel would accept. Absent capabilities are empty sets (as in crun; runc would leave root all).
Sets capability_sets(const Draft& draft) {
  const oci::Capabilities none;
  const auto& wanted = draft.process.capabilities ? *draft.process.capabilities : none;
  // In a user namespace other than tare's a process begins with every capability.
  const std::uint64_t available =
      draft.in_user_namespace() ? ~std::uint64_t{0} : draft.host.capabilities;
  Sets sets;
  sets.held = available;
  sets.bounding = capability_set(wanted.bounding) & available;
  sets.final.permitted = capability_set(wanted.permitted) & available;
  sets.final.effective = capability_set(wanted.effective) & sets.final.permitted;
  sets.final.inheritable = capability_set(wanted.inheritable) & available & sets.bounding;
  sets.final.ambient =
      capability_set(wanted.ambient) & sets.final.permitted & sets.final.inheritable;
  return sets;
}

// A filter, and who will answer for the calls that it makes wait.
struct Filter {
  std::string origin;
  step::LoadSeccomp load;
  step::SendListener listener;
};

// A program that is complete takes the place of the rules of linux.seccomp.
Result<Filter> raw_filter(const Draft& draft, const std::string& base64) {
  const oci::Annotations& annotations = draft.config.annotations;
  const oci::Seccomp document = draft.linux_.seccomp.value_or(oci::Seccomp());
  const std::string* receiver =
      oci::find_annotation(annotations, oci::annotation::seccomp_receiver);
  Filter filter;
  filter.origin = "/annotations/" + std::string(oci::annotation::seccomp_program);
  filter.load.program = TRY(decode_filter(base64, filter.origin));
  filter.listener = {document.listenerPath, document.listenerMetadata};
  if (filter.listener.path.empty() && receiver != nullptr) filter.listener.path = *receiver;
  filter.load.listens = !filter.listener.path.empty() && may_notify(filter.load.program);
  if (filter.load.listens && stops_write(filter.load.program)) {
    return Error::config(filter.origin, "must not make write(2) wait for the agent");
  }
  filter.load.flags = seccomp_flags(document, filter.load.listens);
  return filter;
}

Result<Filter> compiled_filter(const Draft& draft, const oci::Seccomp& document) {
  Filter filter;
  filter.origin = "/linux/seccomp";
  if (oci::is_on(draft.config.annotations, oci::annotation::strict_seccomp)) {
    TRY(check_names(document, filter.origin));
  }
  filter.load.program = TRY(compile_seccomp(document, filter.origin));
  filter.load.flags = TRY(seccomp_flags(document));
  filter.load.listens = notifies(document);
  filter.listener = {document.listenerPath, document.listenerMetadata};
  return filter;
}

Result<std::optional<Filter>> filter_of(const Draft& draft) {
  const std::string* raw =
      oci::find_annotation(draft.config.annotations, oci::annotation::seccomp_program);
  if (raw != nullptr) return std::optional(TRY(raw_filter(draft, *raw)));
  if (!draft.linux_.seccomp) return std::optional<Filter>();
  return std::optional(TRY(compiled_filter(draft, *draft.linux_.seccomp)));
}

void plan_seccomp(Draft& draft, Filter filter, std::uint64_t raise) {
  filter.load.raise = raise;
  const bool listens = filter.load.listens;
  const int loaded = draft.add(Actor::stub, filter.origin, std::move(filter.load));
  if (!listens) return;
  // Without delay: whatever the stub calls next may wait for the agent's answer.
  draft.add(Actor::host, "/linux/seccomp/listenerPath", std::move(filter.listener), loaded);
}

// With no_new_privs a filter can wait for the last moment, but not past the time at which the host
// is still there to hand over its listener.
bool loads_early(const std::optional<Filter>& filter) {
  return filter && filter->load.listens;
}

// setrlimit(2) raises hard limits with CAP_SYS_RESOURCE over the host only: in a user namespace the
// host does it, if it can; everywhere else the process itself, while it is still root.
bool host_sets_rlimits(const Draft& draft) {
  return draft.in_user_namespace() && (draft.host.capabilities >> CAP_SYS_RESOURCE & 1) != 0;
}

void plan_rlimits(Draft& draft, Actor actor, int after) {
  const auto& limits = draft.process.rlimits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    draft.add(actor, pointer("/process/rlimits", i),
              step::SetRlimit{limits[i].type, rlimit_resource(limits[i].type).value_or(0),
                              limits[i].soft, limits[i].hard},
              after);
  }
}

void plan_user(Draft& draft, const Sets& sets) {
  const oci::User& user = draft.process.user;
  if (!host_sets_rlimits(draft)) plan_rlimits(draft, Actor::stub, no_step);
  draft.add(Actor::stub, "/process/capabilities/bounding", step::DropBounding{sets.bounding});
  step::SetUser set_user;
  set_user.uid = user.uid;
  set_user.gid = user.gid;
  set_user.groups = user.additionalGids;
  set_user.keep_groups = oci::is_on(draft.config.annotations, oci::annotation::keep_groups);
  set_user.effective = sets.final.effective;
  set_user.held = sets.held;
  draft.add(Actor::stub, "/process/user", std::move(set_user));
}

void plan_credentials(Draft& draft, std::optional<Filter>& filter) {
  const Sets sets = capability_sets(draft);
  const bool no_new_privileges = draft.process.noNewPrivileges;
  plan_user(draft, sets);
  draft.add(Actor::stub, "/process/cwd", step::RetryDirectory{draft.process.cwd});
  if (!draft.plan.args.empty()) {
    const std::string& name = draft.plan.args.front();
    draft.add(Actor::stub, "/process/args/0",
              step::FindProgram{name, program_candidates(draft.plan.env, name)});
  }
  plan_process_labels(draft);
  // A filter may be loaded with CAP_SYS_ADMIN or with no_new_privs (seccomp(2)). Without the latter
  // it comes before the capabilities go; with it, it is the last thing before execve(2).
  if (!no_new_privileges && filter) plan_seccomp(draft, *std::exchange(filter, {}), sets.held);
  draft.add(Actor::stub, "/process/capabilities", sets.final);
  if (no_new_privileges) {
    draft.add(Actor::stub, "/process/noNewPrivileges", step::NoNewPrivileges{});
    if (loads_early(filter)) plan_seccomp(draft, *std::exchange(filter, {}), 0);
  }
}

}  // namespace

Result<void> plan_hook_process(Draft& draft, const step::RunHook& hook) {
  const Sets sets = capability_sets(draft);
  draft.add(Actor::init, "", step::EnterStub{});
  draft.add(Actor::stub, "", step::ForkIntoNamespaces{});
  draft.add(Actor::stub, "", step::NewProcessGroup{});
  draft.add(Actor::stub, "", step::EnterDirectory{"/"});
  plan_user(draft, sets);
  draft.add(Actor::stub, "", step::FindProgram{hook.path, {hook.path}});
  plan_process_labels(draft);
  draft.add(Actor::stub, "/process/capabilities", sets.final);
  if (draft.process.noNewPrivileges) draft.add(Actor::stub, "", step::NoNewPrivileges{});
  draft.add(Actor::stub, "", step::Execute{hook.path});
  return {};
}

void plan_stub(Draft& draft) {
  const oci::Process& process = draft.process;
  draft.plan.args = process.args;
  draft.plan.env = environment(draft);

  plan_scheduling(draft);
  plan_memory_policy(draft);
  draft.add(Actor::init, "/process/user/umask", step::SetUmask{process.user.umask.value_or(022)});
  if (!process.terminal) draft.add(Actor::init, "", step::OwnStdio{process.user.uid});
  draft.add(Actor::init, "", step::EnterStub{});
}

Result<void> plan_execution(Draft& draft) {
  const oci::Process& process = draft.process;
  draft.add(Actor::stub, "/process/cwd",
            step::EnterDirectory{process.cwd.empty() ? "/" : process.cwd});
  std::optional<Filter> filter = TRY(filter_of(draft));
  plan_credentials(draft, filter);
  const int ready = draft.add(Actor::stub, "", step::Ready{});
  if (host_sets_rlimits(draft)) plan_rlimits(draft, Actor::host, ready);
  if (draft.options.waits_for_start) draft.add(Actor::stub, "", step::AwaitStart{});
  if (filter) plan_seccomp(draft, *std::move(filter), 0);
  draft.add(Actor::stub, "/process/args",
            step::Execute{process.args.empty() ? std::string() : process.args.front()});
  return {};
}

}  // namespace tare::runtime
