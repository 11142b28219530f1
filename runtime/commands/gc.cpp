// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "runtime/destroy.h"
#include "runtime/remains.h"

namespace tare::runtime {

namespace {

std::string shown(const Remains& remains) {
  std::string text = remains.container.entry.id() + ": " + remains.why + "\n";
  for (const std::string& thing : belongings(remains.container)) text += "  " + thing + "\n";
  return text;
}

}  // namespace

// Goes on after what cannot be removed, or cannot be read and may be a container's.
Result<int> gc_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  int status = 0;
  for (const std::string& id : TRY(store.ids())) {
    Result<std::optional<Remains>> found = find_remains(store, id);
    if (!found.ok()) context.log.warning("container " + id + ": " + found.error().message());
    if (!found.ok() || !*found) continue;
    const Remains& remains = **found;
    TRY(print_out(shown(remains)));
    if (context.options().has("dry-run")) continue;
    const Result<void> removed = destroy_container(store, remains.container, context.log);
    if (removed.ok()) continue;
    context.log.error(removed.error());
    status = 1;
  }
  return status;
}

}  // namespace tare::runtime
