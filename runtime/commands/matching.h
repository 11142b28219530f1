// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/commands/commands.h"

namespace tare::runtime {

// The ids that are meant by `words`: these words, or with --regex the ids of the store in which one
// of these extended regular expressions (regex(7)) is found somewhere, in the order of the
// alphabet; none is as good. Kind::usage for what is no expression, in the words of regerror(3).
Result<std::vector<std::string>> meant_ids(const CommandContext& context, const Store& store,
                                           const std::vector<std::string>& words);

}  // namespace tare::runtime
