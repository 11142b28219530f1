// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "base/text.h"
#include "runtime/command_line/columns.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/host/passwd.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

std::string owner_of(const Entry& entry) {
  struct stat status {};
  return ::fstat(entry.directory(), &status) == 0 ? user_name(status.st_uid) : "";
}

std::string table(const std::vector<oci::State>& states) {
  std::vector<std::vector<std::string>> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const auto& state : states) {
    rows.push_back({state.id, std::to_string(state.pid), state.status, printable(state.bundle),
                    state.created, state.owner});
  }
  return in_columns(rows, 12, 3);
}

Result<int> list_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  std::vector<oci::State> states;
  std::string ids;
  for (const auto& id : TRY(store.ids())) {
    ids += id + "\n";
    if (context.options().has("quiet")) continue;
    Result<Container> container = Container::load(store, id);
    // It was deleted in the meantime, or is damaged. The others are still listed.
    if (!container.ok() && container.error().kind == Error::Kind::not_found) continue;
    if (!container.ok()) {
      context.log.warning("container " + id + ": " + container.error().message());
      continue;
    }
    states.push_back(container->state());
    states.back().owner = owner_of(container->entry);
  }
  if (context.options().has("quiet")) {
    TRY(print_out(ids));
  } else if (context.options().text("format") == "json") {
    TRY(print_out(oci::encode_list(states)));
  } else {
    TRY(print_out(table(states)));
  }
  return 0;
}

constexpr Option options[] = {
    shared::format,
    {.name = "quiet", .letter = 'q', .help = "print only container IDs"},
};
constexpr Example examples[] = {
    {"List all containers:", "tare list"},
    {"Print only their IDs:", "tare list --quiet"},
};

}  // namespace

const Command list_row = {
    .name = "list",
    .arguments = "",
    .summary = "list the containers below --root",
    .description =
        "Lists all containers in the state directory, whatever their status. Containers with "
        "another `--root` are not shown: podman, Docker and containerd each use a directory of "
        "their own.",
    .options = options,
    .least = 0,
    .most = 0,
    .run = list_command,
    .examples = examples,
    .see_also = "tare-state(1) tare-ps(1)",
};

}  // namespace tare::runtime
