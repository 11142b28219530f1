// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <utility>

#include "base/unique_fd.h"
#include "cgroups/cgroup.h"
#include "cgroups/entries.h"
#include "cgroups/systemd/bus.h"
#include "runtime/do/context.h"
#include "runtime/steps/cgroups.h"

namespace tare::runtime {

Result<void> perform(const step::MakeCgroup& step, LaunchContext& context) {
  const auto access = step.may_fail ? cgroups::Access::optional : cgroups::Access::required;
  if (!context.cgroup) context.cgroup = cgroups::Cgroup::at(step.directories);
  TRY(context.cgroup->make(step.versions, step.limits, access));
  context.cgroup_entries = TRY(context.cgroup->open_entries());
  context.hands_entries = context.init > 0;
  return {};
}

Result<void> perform(const step::StartScope& step, LaunchContext& context) {
  context.scope.emplace(
      TRY(cgroups::StartedScope::start(step.scope, step.properties, context.init)));
  context.cgroup = TRY(cgroups::Cgroup::adopt(step.directories, step.limits, context.init,
                                              !step.scope.subgroup.empty()));
  return {};
}

Result<void> perform(const step::OpenCgroup& step, LaunchContext& context) {
  cgroups::Entries entries = TRY(cgroups::open_entries(step.directories, step.counts_last));
  context.joined_cgroup = std::move(entries.v2);
  context.cgroup_entries = std::move(entries.tasks);
  context.full_cgroup = std::move(entries.of_count);
  return {};
}

Result<void> perform(const step::LimitCgroup& step, LaunchContext& context) {
  return context.cgroup->apply(step.limits);
}

Result<void> perform(const step::RestrictDevices& step, LaunchContext& context) {
  return context.cgroup->restrict_devices(step.rules, step.may_fail
                                                          ? cgroups::DeviceAccess::optional
                                                          : cgroups::DeviceAccess::required);
}

Result<void> perform(const step::DelegateCgroup& step, LaunchContext& context) {
  return context.cgroup->delegate(step.below, step.uid);
}

Result<void> perform(const step::DivideCgroup& step, LaunchContext& context) {
  return context.cgroup->move_below(step.name, context.init);
}

// A single-threaded process that writes itself to `tasks` takes no lock that waits for an RCU grace
// period (Linux 5.19). cgroup.procs costs 7 to 10 ms on an idle machine.
Call<void> perform(const step::EnterCgroup&, LaunchContext& context) {
  for (const UniqueFd& tasks : context.cgroup_entries) {
    if (::write(tasks.get(), "0", 1) != 1) return Fault::last("write(tasks)");
  }
  context.cgroup_entries.clear();
  return {};
}

}  // namespace tare::runtime
