// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "cgroups/freezer.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"

namespace tare::runtime {

namespace {

constexpr std::chrono::seconds timeout{10};

}  // namespace

Result<int> pause_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  if (TRY(container.live_status()) == Status::paused) return 0;
  TRY(cgroups::freeze(container.cgroup(), timeout));
  return 0;
}

Result<int> resume_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  (void)TRY(container.live_status());
  // A created container that is frozen still says "created": the freezer knows.
  if (!TRY(cgroups::is_frozen(container.cgroup()))) {
    return Error(Error::Kind::refused, "container not paused: " + container.entry.id());
  }
  TRY(cgroups::thaw(container.cgroup(), timeout));
  return 0;
}

}  // namespace tare::runtime
