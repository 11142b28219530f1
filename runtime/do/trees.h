// SPDX-License-Identifier: Apache-2.0
//
// Detached mount trees outside of the steps that take and attach them.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/do/context.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

// The detached tree alone, not kept for the launch.
Call<UniqueFd> clone_tree(const step::OpenTree& step);

// Unmounts what the plan has mounted so far, newest first.
void take_mounts_back(LaunchContext& context);

}  // namespace tare::runtime
