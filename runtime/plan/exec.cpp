// SPDX-License-Identifier: Apache-2.0
//
// A process that joins a container: the steps of the container's own process, without those whose
// result already exists.
#include <linux/sched.h>

#include <algorithm>

#include "base/text.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/labels.h"

namespace tare::runtime {

namespace {

// The CPU affinity before and after the process enters the cgroup (config.md, "execCPUAffinity").
void plan_initial_cpus(Draft& draft) {
  const auto& affinity = draft.process.execCPUAffinity;
  if (!affinity || affinity->initial.empty()) return;
  draft.take("/process/execCPUAffinity/initial", step::InitialCpus{bit_mask(affinity->initial)});
}

void plan_final_cpus(Draft& draft) {
  const auto& affinity = draft.process.execCPUAffinity;
  if (affinity && !affinity->final.empty()) {
    draft.add<Actor::init>("/process/execCPUAffinity/final",
                           step::FinalCpus{bit_mask(affinity->final)});
  } else if (!affinity || affinity->initial.empty()) {
    draft.add<Actor::init>("", step::AllCpus{});
  }
}

bool counts_in_v2(const Host& host) {
  return std::ranges::any_of(host.cgroup, [](const cgroups::Directory& directory) {
    return directory.version == 2 && contains(directory.controllers, "pids");
  });
}

void plan_joiner(Draft& draft, const ExecFacts& facts) {
  const bool has_cgroup = !draft.host.cgroup.empty();
  if (has_cgroup) draft.take("", step::OpenCgroup{draft.host.cgroup, facts.cgroup_is_full});
  plan_initial_cpus(draft);
  const bool is_cloned_into = has_cgroup && !(facts.cgroup_is_full && counts_in_v2(draft.host));
  draft.add<Actor::host>("", step::CloneInit{0, false, is_cloned_into});
  if (draft.process.oomScoreAdj) {
    // A forked child inherits the value, so it must be set before the fork.
    draft.init_waits_for = draft.add<Actor::host>("/process/oomScoreAdj",
                                                  step::OomScoreAdj{*draft.process.oomScoreAdj});
  }
  if (facts.resctrl) draft.init_waits_for = draft.add<Actor::host>("", *facts.resctrl);
  if (has_cgroup) draft.add<Actor::init>("", step::EnterCgroup{});
  plan_final_cpus(draft);
}

void plan_root(Draft& draft, const ExecFacts& facts) {
  const bool own_mounts = facts.root.empty();
  draft.add<Actor::init>("", step::OpenRoot{own_mounts ? "/" : facts.root});
  if (!own_mounts) draft.add<Actor::init>("", step::EnterRoot{step::RootChange::chroot});
}

}  // namespace

Result<Plan> make_exec_plan(const oci::Config& config, const Host& host, const PlanOptions& options,
                            const ExecFacts& facts) {
  Draft draft(config, host, options);
  plan_label_checks(draft);
  plan_joiner(draft, facts);
  TRY(plan_labels(draft));
  plan_session_keyring(draft);
  if (facts.namespaces != 0) draft.add<Actor::init>("", step::JoinContainer{facts.namespaces});
  if ((facts.namespaces & CLONE_NEWUSER) != 0) plan_namespace_root(draft);
  plan_root(draft, facts);
  plan_console(draft, Console::joined);
  if (facts.is_hook) draft.add<Actor::init>("", step::TakeStreams{});
  plan_stub(draft, Joins::container);
  const bool forks = (facts.namespaces & (CLONE_NEWPID | CLONE_NEWTIME)) != 0;
  TRY(plan_execution(draft, {forks ? Appears::by_fork : Appears::as_it_is, facts.cgroup_is_full}));
  return std::move(draft).finish();
}

}  // namespace tare::runtime
