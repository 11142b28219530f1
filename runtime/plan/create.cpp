// SPDX-License-Identifier: Apache-2.0
//
// The order of a create, in one place.
#include <utility>

#include "runtime/plan/draft.h"
#include "runtime/plan/labels.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

Result<Plan> make_plan(const oci::Config& config, const Host& host, const PlanOptions& options) {
  Draft draft(config, host, options);
  plan_label_checks(draft);
  TRY(plan_namespaces(draft));
  plan_mount_copy(draft, draft.last(Actor::stage), draft.is_joined(oci::NamespaceType::user));
  TRY(plan_mappings(draft));
  TRY(plan_limits(draft));
  TRY(plan_labels(draft));
  plan_early_identity(draft);
  plan_host_mounts(draft);
  plan_namespace_root(draft);
  // A mount of type cgroup shows the cgroup namespace, which init must create after it has entered
  // its cgroup; and files copied into a tmpfs are charged to the container. Otherwise init enters
  // as late as possible, so that memory for its own mounts is not charged to the container.
  const std::size_t first = first_mount_in_cgroup(config);
  TRY(plan_mounts(draft, 0, first));
  if (first < config.mounts.size()) plan_cgroup_entry(draft);
  TRY(plan_mounts(draft, first, config.mounts.size()));
  TRY(plan_devices(draft));
  if (first == config.mounts.size()) plan_cgroup_entry(draft);
  plan_resctrl(draft);
  plan_net_devices(draft);
  plan_create_hooks(draft);
  // Everything is done below the root's descriptor before pivot_root: tare looks up no path by name
  // from inside, and the host's verified /proc and /dev/null are still available.
  plan_protection(draft);
  plan_console(draft, appears_late(draft) ? Console::late : Console::own);
  plan_enter_root(draft);
  plan_stub(draft, Joins::nothing);
  TRY(plan_execution(draft, {appears_late(draft) ? Appears::by_fork : Appears::with_init, false}));
  return std::move(draft).finish();
}

}  // namespace tare::runtime
