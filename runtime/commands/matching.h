// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/commands/commands.h"

namespace tare::runtime {

// The ids that `words` select. Without --regex, these are the words themselves. With --regex, these
// are the ids in the store that match one of these extended regular expressions (regex(7)), in
// alphabetical order; there may be none. An invalid expression is a Kind::usage with the text of
// regerror(3).
Result<std::vector<std::string>> meant_ids(const CommandContext& context, const Store& store,
                                           const std::vector<std::string>& words);

}  // namespace tare::runtime
