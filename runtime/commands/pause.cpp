// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "cgroups/freezer.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/current_cgroup.h"

namespace tare::runtime {

namespace {

constexpr std::chrono::seconds timeout{10};

}  // namespace

Result<int> pause_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  return for_each_id(context, context.ids(), [&](const auto& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    if (TRY(container.live_status()) == Status::paused) return {};
    return cgroups::freeze(current_cgroup(container), timeout);
  });
}

Result<int> resume_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  return for_each_id(context, context.ids(), [&](const auto& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    (void)TRY(container.live_status());
    // As the freezer says, whose error is told.
    const auto cgroup = current_cgroup(container);
    if (!TRY(cgroups::is_frozen(cgroup))) {
      return Error(Error::Kind::refused, "container not paused: " + container.entry.id());
    }
    return cgroups::thaw(cgroup, timeout);
  });
}

}  // namespace tare::runtime
