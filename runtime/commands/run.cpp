// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/destroy.h"
#include "runtime/exit.h"
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
  std::optional<Notifier> notifier = TRY(Notifier::bind(container.entry.directory()));
  Result<void> started = start_created(*creation, container);
  if (!started.ok()) {
    creation.reset();  // undoes it all
    return after_failed_start(container, std::move(started).error(), context.log);
  }
  creation->keep();
  const Launch& launch = creation->launch();
  if (attended.detached()) {
    if (notifier) TRY(notifier->await_ready(launch.pid(), launch.pidfd()));
    return 0;
  }

  Notifier* said = notifier ? &*notifier : nullptr;
  const int ended = TRY(attended.serve(launch.pid(), launch.pidfd(), context.log, said));
  const bool keep = context.options().has("keep");
  tell_end(container, ended, keep, context.log);
  if (!keep) TRY(destroy_container(store, container, context.log));
  return exit_status(ended);
}

}  // namespace tare::runtime
