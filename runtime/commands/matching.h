// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/store.h"

namespace tare::runtime {

// The ids of the store in which one of these extended regular expressions (regex(7)) is found
// somewhere, in the order of the alphabet; none is as good. Kind::usage for what is no expression,
// in the words of regerror(3).
Result<std::vector<std::string>> matching_ids(const Store& store,
                                              const std::vector<std::string>& expressions);

}  // namespace tare::runtime
