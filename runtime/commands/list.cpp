// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "base/text.h"
#include "runtime/commands/columns.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/passwd.h"

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

}  // namespace

Result<int> list_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  std::vector<oci::State> states;
  std::string ids;
  for (const auto& id : TRY(store.ids())) {
    ids += id + "\n";
    if (context.options().has("quiet")) continue;
    Result<Container> container = Container::load(store, id);
    // Deleted meanwhile, or broken: the others are shown all the same.
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

}  // namespace tare::runtime
