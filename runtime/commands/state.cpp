// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/store/container.h"
#include "runtime/store/exit.h"

namespace tare::runtime {

namespace {

// File times have the resolution of a tick, so they can be earlier than the clock.
std::string started(const Container& container, Status status) {
  const auto time = container.entry.started();
  if (!time || status == Status::created || status == Status::creating) return "";
  if (status == Status::paused && container.phase() == Status::created) return "";
  if (container.record.phase == "creating") return "";
  return std::max(container.record.created, utc(*time));
}

Result<int> state_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  std::vector<oci::State> states;
  const auto add = [&](const std::string& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    const Status status = container.status();
    states.push_back(container.state(status));
    states.back().started = started(container, status);
    if (status == Status::stopped) states.back().exit = known_exit(container);
    return {};
  };
  const int outcome = TRY(for_each_id(context, context.ids(), add));
  // For one id, callers expect one object without a newline at its end.
  std::string text =
      context.ids().size() == 1 ? oci::encode_state(states.front()) : oci::encode_states(states);
  if (::isatty(STDOUT_FILENO) != 0 && !text.ends_with('\n')) text += '\n';
  TRY(print_out(text));
  return outcome;
}

constexpr Example examples[] = {
    {"Print the state of a container:", "tare state web"},
    {"Print only its status:", "tare state web | grep '\"status\"'"},
};

}  // namespace

const Command state_row = {
    .name = "state",
    .arguments = "ID...",
    .summary = "print the state of containers as JSON",
    .description =
        "Prints the state that the OCI runtime specification defines: ID, status, process ID of "
        "the "
        "container's init, bundle and annotations. The status is `creating`, `created`, `running`, "
        "`paused` or `stopped`. A container that has stopped also has `exit`: how and when its "
        "init ended, if that is known.\n\n"
        "One ID prints one object. Several IDs print an array.",
    .options = {},
    .least = 1,
    .most = -1,
    .run = state_command,
    .examples = examples,
    .see_also = "tare-list(1) tare-wait(1) tare-events(1)",
};

}  // namespace tare::runtime
