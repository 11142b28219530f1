// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace tare::runtime {

// The number of "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3". 0 is allowed: it only checks the
// process.
Result<int> parse_signal(const std::string& text);

}  // namespace tare::runtime
