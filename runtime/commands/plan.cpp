// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"

namespace tare::runtime {

// Shows what a create would do, and does none of it.
Result<int> plan_command(const CommandContext& context) {
  CreateRequest request;
  request.id = "plan";
  if (!context.invocation.arguments.empty()) request.bundle = context.id();
  if (context.options().has("config")) request.config = context.options().text("config");
  request.no_pivot = context.options().has("no-pivot");
  request.no_new_keyring = context.options().has("no-new-keyring");
  request.detaches = false;
  const Understood known = TRY(understand(request));
  TRY(print_out(print(known.plan)));
  return 0;
}

}  // namespace tare::runtime
