// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// The root of the mounted resctrl file system, or nothing.
Result<std::optional<UniqueFd>> open_resctrl();

// The error if one is needed.
Error resctrl_not_mounted();

}  // namespace tare::runtime
