// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <optional>

#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/freezer.h"
#include "cgroups/hierarchy/members.h"
#include "oci/annotations.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/matching.h"
#include "runtime/commands/rows.h"
#include "runtime/host/signals.h"
#include "runtime/store/container.h"
#include "runtime/store/exit.h"

namespace tare::runtime {

namespace {

// The stop signal of the image (an annotation of the image specification).
Result<int> stop_signal(const Container& container) {
  const std::string* wanted =
      oci::find_annotation(container.record.config.annotations, oci::annotation::stop_signal);
  if (wanted == nullptr) return SIGTERM;
  Result<int> signal = parse_signal(*wanted);
  if (signal.ok()) return signal;
  return std::move(signal).error().within("annotation " +
                                          std::string(oci::annotation::stop_signal));
}

Result<void> signal_init(const Container& container, int signal) {
  const UniqueFd init = TRY(container.open_init());
  const story::Step told([&] {
    return "send signal " + std::to_string(signal) + " to init, pid " +
           std::to_string(container.record.pid);
  });
  const Call<void> sent = sys::pidfd_send_signal(init.get(), signal);
  if (sent.ok()) return {};
  if (sent.error().error == ESRCH) {
    return Error(Error::Kind::not_running,
                 "container not running: " + container.entry.id() + ": no such process");
  }
  return Error(sent.error(), "signal container " + container.entry.id());
}

struct Wanted {
  std::vector<std::string> ids;
  std::optional<int> signal;  // none: the container's stop signal
};

// `kill ID [SIGNAL]`, as callers of runc write it, or `kill --signal SIGNAL ID...`.
Result<Wanted> wanted(const CommandContext& context) {
  const auto& arguments = context.invocation.arguments;
  if (context.options().has("signal")) {
    return Wanted{arguments, TRY(parse_signal(context.options().text("signal")))};
  }
  if (arguments.size() > 2) {
    return Error(Error::Kind::usage, "unexpected argument " + quote(arguments[2]) + " to kill")
        .with_hint("for several containers use kill --signal SIGNAL ID...");
  }
  Wanted wanted{{arguments.front()}, {}};
  if (arguments.size() == 2) wanted.signal = TRY(parse_signal(arguments[1]));
  return wanted;
}

Result<bool> has_processes(const Container& container) {
  return !TRY(cgroups::processes(container.cgroup())).empty();
}

// Signals all processes if `all` is given, or on SIGKILL if the container shares its pid namespace:
// then processes survive init, and they still belong to the container.
Result<void> kill_one(const Container& container, std::optional<int> asked, bool all) {
  const int signal = asked ? *asked : TRY(stop_signal(container));
  const bool outlives_init = !container.owns_pid_namespace() && !container.record.cgroups.empty();
  const bool whole = all || (signal == SIGKILL && outlives_init);
  Result<void> sent = signal_init(container, signal);
  const bool gone = !sent.ok() && sent.error().kind == Error::Kind::not_running;
  if (gone) (void)known_exit(container);  // for `state`: the exit may not be recorded yet
  // Callers use --all to make sure that nothing is left. So it is no error if there is nothing.
  const bool is_enough = all || (whole && gone && TRY(has_processes(container)));
  if (!sent.ok() && !(gone && is_enough)) return std::move(sent).error();
  if (whole && !container.record.cgroups.empty()) {
    TRY(cgroups::kill_all(container.cgroup(), signal));
  }
  // A process that the v1 freezer has frozen does not die of SIGKILL until it is thawed.
  if (signal == SIGKILL) TRY(cgroups::thaw_all(container.cgroup()));
  return {};
}

Result<int> kill_command(const CommandContext& context) {
  const Wanted to_kill = TRY(wanted(context));  // report usage errors before any lookup
  const Store store = TRY(context.store());
  const auto ids = TRY(meant_ids(context, store, to_kill.ids));
  return for_each_id(context, ids, [&](const auto& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    return kill_one(container, to_kill.signal, context.options().has("all"));
  });
}

using enum Option::Takes;

constexpr Option options[] = {
    {.name = "all", .letter = 'a', .help = "signal all processes of the container"},
    {.name = "signal",
     .letter = 's',
     .takes = text,
     .value = "SIGNAL",
     .help = "signal to send; every argument is then a container ID"},
    shared::regex,
};
constexpr Example examples[] = {
    {"Ask a container to stop:", "tare kill web"},
    {"End a container at once:", "tare kill web KILL"},
    {"Send SIGHUP to two containers:", "tare kill --signal HUP web db"},
};

}  // namespace

const Command kill_row = {
    .name = "kill",
    .arguments = "ID [SIGNAL]",
    .summary = "send a signal to a container (default: SIGTERM)",
    .description =
        "Sends SIGNAL to the container's init. SIGNAL is a name (`TERM`, `SIGTERM`), a number "
        "(`15`) or a realtime signal (`RTMIN+3`). The default is SIGTERM, or the signal in the "
        "annotation org.opencontainers.image.stopSignal.\n\n"
        "The init of a pid namespace ignores signals that it has no handler for, except SIGKILL. "
        "When it ends, the kernel ends all other processes of the namespace. Without a pid "
        "namespace of its own, SIGKILL goes to every process of the container.\n\n"
        "`--all` sends the signal to every process of the container; it succeeds if none is "
        "left. To signal several containers, use `--signal` or `--regex`.",
    .options = options,
    .least = 1,
    .most = -1,
    .run = kill_command,
    .options_end_at_first_argument = true,
    .warns = true,
    .examples = examples,
    .see_also = "tare-delete(1) tare-wait(1) kill(1) signal(7) regex(7)",
};

}  // namespace tare::runtime
