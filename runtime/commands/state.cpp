// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "runtime/container.h"

namespace tare::runtime {

Result<int> state_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  TRY(print_out(oci::encode_state(container.state())));
  return 0;
}

}  // namespace tare::runtime
