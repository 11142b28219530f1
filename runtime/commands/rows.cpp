// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/rows.h"

#include "runtime/command_line/table.h"

namespace tare::runtime {

std::span<const Command* const> commands() {
  return rows;
}

}  // namespace tare::runtime
