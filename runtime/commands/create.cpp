// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"

namespace tare::runtime {

Result<int> create_command(const CommandContext& context) {
  const Store store = TRY(context.make_store());
  Creation creation = TRY(begin_creation(context, store, create_request(context)));
  TRY(creation.publish());
  TRY(creation.launch().commit());
  creation.keep();
  return 0;
}

}  // namespace tare::runtime
