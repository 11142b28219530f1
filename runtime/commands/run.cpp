// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/process.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/notify.h"
#include "runtime/start.h"

namespace tare::runtime {

namespace {

// create and start in one: init goes on without waiting in between.
Result<void> start_created(Creation& creation, const Container& container) {
  TRY(run_start_container_hooks(container));
  TRY(creation.launch().commit());
  TRY(creation.launch().await_execution());
  return run_poststart_hooks(container);
}

}  // namespace

Result<int> run_command(const CommandContext& context) {
  CreateRequest request = create_request(context);
  Attended attended = TRY(attend(context, request));

  const Store store = TRY(context.make_store());
  std::optional<Creation> creation = TRY(begin_creation(context, store, std::move(request)));
  TRY(creation->publish());
  const Container container = TRY(recorded_container(store, creation->record()));
  TRY(attended.take_terminal(creation->plan().terminal, "container"));
  const Attendee init = TRY(Attendee::of(creation->launch().pid(), creation->launch().pidfd()));
  std::optional<Notifier> notifier = TRY(Notifier::bind(container.entry.directory()));
  Result<void> started = start_created(*creation, container);
  if (!started.ok()) {
    creation.reset();  // undoes it all
    return after_failed_start(container, std::move(started).error(), context.log);
  }
  creation->keep();
  creation.reset();  // the lock, and mounts of the container that would be in use
  if (attended.detached()) {
    if (notifier) TRY(notifier->await_ready(init.pid, init.pidfd.get()));
    return 0;
  }

  const int ended = TRY(attended.serve(init, context.log, notifier ? &*notifier : nullptr));
  TRY(after_end(store, container, ended, context.options().has("keep"), context.log));
  return exit_status(ended);
}

}  // namespace tare::runtime
