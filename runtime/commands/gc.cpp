// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/lifecycle/destroy.h"
#include "runtime/namespaces/names.h"
#include "runtime/store/remains.h"

namespace tare::runtime {

namespace {

std::string shown(const Remains& remains) {
  std::string text = remains.container.entry.id() + ": " + remains.why + "\n";
  for (const std::string& thing : belongings(remains.container)) text += "  " + thing + "\n";
  return text;
}

// Claims of creates that were killed before the container existed.
Result<void> remove_claims(const Store& store, bool dry_run) {
  for (const std::string& id : TRY(store.claims())) {
    if (!store.remove_claim(id, dry_run)) continue;
    TRY(print_out(id + ": the ID is claimed, and nothing else\n"));
  }
  return {};
}

// Leftovers of an interrupted `ns create`.
int collect_names(const std::string& root, bool dry_run, const Log& log) {
  int status = 0;
  for (const std::string& name : names_below(root)) {
    const Result<bool> found = collect_name(root, name, dry_run);
    if (found.ok() && *found) (void)print_out("ns " + name + ": it was not completed\n");
    if (found.ok()) continue;
    log.error(found.error());
    status = 1;
  }
  return status;
}

// Continues after a record that cannot be read, because it may belong to a container, and after one
// that cannot be removed.
Result<int> gc_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const bool dry_run = context.options().has("dry-run");
  TRY(remove_claims(store, dry_run));
  const std::string root = TRY(context.root());
  int status = collect_names(root, dry_run, context.log);
  for (const std::string& id : TRY(store.ids())) {
    Result<std::optional<Remains>> found = find_remains(store, id);
    if (!found.ok()) context.log.warning("container " + id + ": " + found.error().message());
    if (!found.ok() || !*found) continue;
    const Remains& remains = **found;
    TRY(print_out(shown(remains)));
    if (dry_run) continue;
    const Result<void> removed = destroy_container(store, remains.container, context.log);
    if (removed.ok()) continue;
    context.log.error(removed.error());
    status = 1;
  }
  return status;
}

constexpr Option options[] = {
    {.name = "dry-run", .letter = 'n', .help = "print what would be removed and remove nothing"},
};
constexpr Example examples[] = {
    {"Show the leftovers of interrupted creates:", "tare gc --dry-run"},
    {"Remove them:", "tare gc"},
};

}  // namespace

const Command gc_row = {
    .name = "gc",
    .arguments = "",
    .summary = "clean up after interrupted creates",
    .description =
        "Removes the leftovers of interrupted creates: cgroups, systemd scopes, resctrl groups and "
        "the state of the container. It also removes containers that died before they were "
        "started, and leftovers of `tare ns create`.\n\n"
        "Nothing in use is removed: a create in progress holds the lock of its container.",
    .options = options,
    .least = 0,
    .most = 0,
    .run = gc_command,
    .warns = true,
    .examples = examples,
    .see_also = "tare-delete(1) tare-list(1)",
};

}  // namespace tare::runtime
