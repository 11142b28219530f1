// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/exit.h"

namespace tare::runtime {

Result<int> state_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  const Status status = container.status();
  oci::State state = container.state(status);
  if (status == Status::stopped) state.exit = known_exit(container);
  TRY(print_out(oci::encode_state(state)));
  return 0;
}

}  // namespace tare::runtime
