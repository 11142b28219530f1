// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "runtime/do/context.h"
#include "runtime/do/resctrl_group.h"
#include "runtime/host/resctrl_root.h"
#include "runtime/steps/resctrl.h"

namespace tare::runtime {

Result<void> perform(const step::EnterResctrl& step, LaunchContext& context) {
  std::optional<UniqueFd> root = TRY(open_resctrl());
  if (!root) return resctrl_not_mounted();
  Resctrl& group = context.resctrl.emplace(*std::move(root), step);
  TRY(group.make());
  TRY(group.write_schemata());
  return group.enter(context.init);
}

Result<void> perform(const step::JoinResctrl& step, LaunchContext& context) {
  const std::optional<UniqueFd> root = TRY(open_resctrl());
  return root ? join_resctrl(root->get(), step, context.init) : Result<void>();
}

}  // namespace tare::runtime
