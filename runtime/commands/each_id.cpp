// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"

namespace tare::runtime {

Result<int> for_each_id(const CommandContext& context, const std::vector<std::string>& ids,
                        const std::function<Result<void>(const std::string& id)>& act) {
  if (ids.size() == 1) {
    TRY(act(ids.front()));
    return 0;
  }
  int status = 0;
  for (const std::string& id : ids) {
    const Result<void> done = act(id);
    if (done.ok()) continue;
    context.log.error(done.error());
    remember(context, id, done.error());
    status = 1;
  }
  return status;
}

}  // namespace tare::runtime
