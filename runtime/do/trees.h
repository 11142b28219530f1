// SPDX-License-Identifier: Apache-2.0
//
// Detached mount trees outside the steps that take and attach them.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/do/context.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

// Returns the detached tree without keeping it for the launch.
Call<UniqueFd> clone_tree(const step::OpenTree& step);

// Unmounts the mounts that the plan has made so far, newest first.
void take_mounts_back(LaunchContext& context);

}  // namespace tare::runtime
