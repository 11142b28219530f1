// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/process.h"
#include "runtime/caller.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/destroy.h"
#include "runtime/do/messages.h"
#include "runtime/exit.h"
#include "runtime/foreground.h"
#include "runtime/notify.h"
#include "runtime/start.h"

namespace tare::runtime {

namespace {

// create and start in one: init goes on without waiting in between.
Result<void> start_created(Creation& creation, const Container& container) {
  TRY(run_start_container_hooks(container, creation.launch().pidfd()));
  TRY(creation.launch().commit());
  TRY(creation.launch().await_execution());
  return run_poststart_hooks(container);
}

Result<Container> recorded_container(const Store& store, const Creation& creation) {
  return Container {
    TRY(store.find(creation.record().id))
    , creation.record()
  };
}

}  // namespace

Result<int> run_command(const CommandContext& context) {
  const bool detach = context.options().has("detach");
  CreateRequest request = create_request(context);
  request.waits_for_start = false;
  request.detaches = detach;
  // The signals are held back before init exists; it and its hooks begin with none held.
  std::optional<Foreground> foreground;
  if (!detach) foreground = TRY(Foreground::prepare());
  // Orphans of the container are ours to reap, except where the caller wants them.
  if (!detach && !context.options().has("no-subreaper")) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ConsolePair console = TRY(make_console_pair());
  request.own_console = std::move(console.theirs);

  const Store store = TRY(context.make_store());
  std::optional<Creation> creation = TRY(begin_creation(context, store, std::move(request)));
  TRY(creation->publish());
  const Container container = TRY(recorded_container(store, *creation));
  UniqueFd terminal;
  if (!detach && creation->plan().terminal) {
    terminal =
        TRY(receive_descriptor(console.ours.get()).because("receive the container's terminal"));
  }
  std::optional<Notifier> notifier = TRY(Notifier::bind(container.entry.directory()));
  Result<void> started = start_created(*creation, container);
  if (!started.ok()) {
    creation.reset();  // undoes it all
    const bool was_hook = started.error().at.starts_with("/hooks/");
    if (was_hook)
      run_poststop_hooks(*container.record.hooks, container.state(Status::stopped), context.log);
    return std::move(started).error();
  }
  creation->keep();
  const Launch& launch = creation->launch();
  if (detach) {
    if (notifier) TRY(notifier->await_ready(launch.pid(), launch.pidfd()));
    return 0;
  }

  Notifier* said = notifier ? &*notifier : nullptr;
  const int ended = TRY(foreground->serve(launch.pid(), launch.pidfd(), std::move(terminal), said));
  const bool keep = context.options().has("keep");
  tell_end(container, ended, keep, context.log);
  if (!keep) TRY(destroy(store, container, context.log));
  return exit_status(ended);
}

}  // namespace tare::runtime
