// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"

namespace tare::runtime {

// Shows what a create would do, and does none of it.
Result<int> plan_command(const CommandContext& context) {
  const Understood known = TRY(understand(bundle_request(context, "plan")));
  TRY(print_out(print_plan(known.plan)));
  return 0;
}

}  // namespace tare::runtime
