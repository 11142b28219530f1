// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/start.h"

#include <optional>

#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/foreground/notify.h"

namespace tare::runtime {

namespace {

constexpr int lock_timeout_ms = 30 * 1000;

Result<void> check_startable(const Container& container) {
  // This does not check whether the container is frozen. Only if init does not respond in time does
  // start check it.
  switch (container.phase()) {
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
  if (!container.record.config.process || container.record.config.process->args.empty()) {
    return Error::config("/process", "cannot start a container without a process");
  }
  return {};
}

struct Started {
  pid_t pid;
  UniqueFd pidfd;
  std::optional<Notifier> notifier;
};

// Holds the container's lock no longer than this function.
Result<Started> start_locked(const Store& store, const std::string& id, const Log& log) {
  const Container container = TRY(Container::load(store, id));
  TRY(container.entry.lock(lock_timeout_ms));
  TRY(check_startable(container));
  Started started;
  started.pid = static_cast<pid_t>(container.record.pid);
  started.notifier = TRY(Notifier::bind(container.entry.directory()));
  if (started.notifier) started.pidfd = TRY(container.open_init());
  TRY(start(store, container, log));
  return started;
}

Result<int> start_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  return for_each_id(context, context.ids(), [&](const auto& id) -> Result<void> {
    Started started = TRY(start_locked(store, id, context.log));
    if (!started.notifier) return {};
    return started.notifier->await_ready(started.pid, started.pidfd.get());
  });
}

constexpr Term variables[] = {shared::notify_socket};
constexpr Example examples[] = {
    {"Start a created container:", "tare start web"},
};

}  // namespace

const Command start_row = {
    .name = "start",
    .arguments = "ID...",
    .summary = "start a created container",
    .description =
        "Runs the program of a container that `tare create` has created. The startContainer hooks "
        "run first, in the container. The poststart hooks run last, on the host.\n\n"
        "start returns when execve(2) has succeeded, or prints why it failed. A container can be "
        "started only once.",
    .options = {},
    .least = 1,
    .most = -1,
    .run = start_command,
    .warns = true,
    .variables = variables,
    .examples = examples,
    .see_also = "tare-create(1) tare-kill(1) tare-wait(1)",
};

}  // namespace tare::runtime
