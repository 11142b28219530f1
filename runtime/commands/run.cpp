// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/process.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/foreground/notify.h"
#include "runtime/lifecycle/start.h"
#include "runtime/namespaces/names.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

// create and start in one: init continues without waiting for a start.
Result<void> start_created(Creation& creation, const Container& container) {
  TRY(run_start_container_hooks(container));
  TRY(creation.launch().commit());
  TRY(creation.launch().await_execution());
  return run_poststart_hooks(container);
}

Result<int> run_command(const CommandContext& context) {
  CreateRequest request = create_request(context);
  if (context.options().has("ns")) {
    const std::string root = TRY(context.root());
    request.joined = TRY(entries_of_name(root, context.options().text("ns")));
  }
  Attended attended = TRY(attend(context, request));

  const Store store = TRY(context.make_store());
  std::optional<Creation> creation = TRY(begin_creation(context, store, std::move(request)));
  const Container container = TRY(recorded_container(store, creation->record()));
  TRY(attended.take_terminal(creation->plan().terminal, "container"));
  const Attendee init = TRY(Attendee::of(creation->launch().pid(), creation->launch().pidfd()));
  std::optional<Notifier> notifier = TRY(Notifier::bind(container.entry.directory()));
  Result<void> started = start_created(*creation, container);
  if (!started.ok()) {
    creation.reset();  // undoes everything
    return after_failed_start(container, std::move(started).error(), context.log);
  }
  creation->keep();
  creation.reset();  // releases the lock, and mounts of the container that would stay busy
  if (attended.detached()) {
    if (notifier) TRY(notifier->await_ready(init.pid, init.pidfd.get()));
    return 0;
  }

  const int ended = TRY(attended.serve(init, context.log, notifier ? &*notifier : nullptr));
  TRY(after_end(store, container, ended, context.options().has("keep"), context.log));
  return exit_status(ended);
}

constexpr Option options[] = {
    shared::bundle,
    shared::config,
    shared::detach,
    {.name = "keep", .help = "do not delete the container when it exits"},
    shared::no_subreaper,
    shared::console_socket,
    shared::pidfd_socket,
    shared::pid_file,
    shared::no_pivot,
    shared::no_new_keyring,
    shared::preserve_fds,
    {.name = "ns",
     .takes = Option::Takes::text,
     .value = "NAME",
     .help = "join the namespaces that tare ns create holds under NAME"},
};
constexpr Term variables[] = {shared::notify_socket, shared::listen_fds};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Run a container in the foreground:", "tare run --bundle hello web"},
    {"Run a container in the background, wait for its end and delete it:",
     "tare run --detach --bundle hello web\ntare wait web\ntare delete web"},
    {"Run a container in namespaces that are held without a process:",
     "tare ns create pod --ipc --net\ntare run --bundle hello --ns pod web\ntare ns delete pod"},
};

}  // namespace

const Command run_row = {
    .name = "run",
    .arguments = "ID",
    .summary = "create and run a container",
    .description =
        "Creates the container ID from a bundle, runs its process, waits until the process exits, "
        "and deletes the container. The exit status is that of the process.\n\n"
        "Without a terminal the process has the standard streams of run. If config.json asks for a "
        "terminal, run copies between the caller's terminal and the container's. Signals to run "
        "are forwarded to the process.\n\n"
        "With `--detach` run returns when the process has started. The container then stays until "
        "`tare delete`. With `--keep` it also stays; `tare state` shows how it ended.\n\n"
        "With `--ns` the container joins the namespaces that NAME holds, instead of those of the "
        "same kinds in config.json.\n\n"
        "Other commands work on the container while it runs.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run_command,
    .warns = true,
    .statuses = shared::foreground_statuses,
    .variables = variables,
    .files = files,
    .examples = examples,
    .see_also = "tare-create(1) tare-exec(1) tare-spec(1) tare-wait(1)",
};

}  // namespace tare::runtime
