// SPDX-License-Identifier: Apache-2.0
#include "runtime/start.h"

#include "runtime/commands/commands.h"

namespace tare::runtime {

namespace {

constexpr int lock_timeout_ms = 30 * 1000;

Result<void> check_startable(const Container& container) {
  switch (container.status()) {
    case Status::created:
      break;
    case Status::creating:
      return Error(Error::Kind::refused, "cannot start a container that is still being created");
    case Status::stopped:
      return Error(Error::Kind::refused, "cannot start a container that has stopped");
    case Status::running:
    case Status::paused:
      return Error(Error::Kind::refused, "cannot start an already running container");
  }
  if (!container.record.process || container.record.process->args.empty()) {
    return Error::config("/process", "cannot start a container without a process");
  }
  return {};
}

}  // namespace

Result<int> start_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  return for_each_id(context, context.ids(), [&](const auto& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    TRY(container.entry.lock(lock_timeout_ms));
    TRY(check_startable(container));
    return start(store, container, context.log);
  });
}

}  // namespace tare::runtime
