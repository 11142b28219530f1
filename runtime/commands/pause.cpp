// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "cgroups/freezer.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"

namespace tare::runtime {

namespace {

constexpr std::chrono::seconds timeout{10};

Error not_running(const Container& container, Status status) {
  return Error(Error::Kind::not_running,
               "container not running: " + container.entry.id() + " is " + word(status));
}

}  // namespace

Result<int> pause_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  const Status status = container.status();
  if (status == Status::paused) return 0;
  if (status != Status::running && status != Status::created) return not_running(container, status);
  TRY(cgroups::freeze(container.cgroup(), timeout));
  return 0;
}

Result<int> resume_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  const Status status = container.status();
  if (status == Status::stopped || status == Status::creating) {
    return not_running(container, status);
  }
  // A created container that is frozen still says "created": the freezer knows.
  if (!TRY(cgroups::is_frozen(container.cgroup()))) {
    return Error(Error::Kind::refused, "container not paused: " + container.entry.id());
  }
  TRY(cgroups::thaw(container.cgroup(), timeout));
  return 0;
}

}  // namespace tare::runtime
