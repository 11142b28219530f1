// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

// Shows what a create would do, and does none of it.
Result<int> plan_command(const CommandContext& context) {
  const Understood known = TRY(understand(bundle_request(context, "plan")));
  TRY(print_out(print_plan(known.plan)));
  return 0;
}

constexpr Option options[] = {shared::config, shared::no_pivot, shared::no_new_keyring};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Print the steps for the bundle in the directory hello:", "tare plan hello"},
};

}  // namespace

const Command plan_row = {
    .name = "plan",
    .arguments = "[BUNDLE]",
    .summary = "show the steps of create without running them",
    .description =
        "Prints every step that create would take for the bundle, in order: which process takes "
        "the step, which other step it waits for, the system calls, and the property of "
        "config.json that asks for it. Nothing is created. BUNDLE is a directory; the default is "
        "the current one.",
    .options = options,
    .least = 0,
    .most = 1,
    .run = plan_command,
    .uses_store = false,
    .files = files,
    .examples = examples,
    .see_also = "tare-check(1) tare-create(1)",
};

}  // namespace tare::runtime
