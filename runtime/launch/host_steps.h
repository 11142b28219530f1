// SPDX-License-Identifier: Apache-2.0
//
// The steps of the host: those of a launch, and those of a restore, where CRIU creates the
// processes.
#pragma once

#include <string>

#include "base/result.h"
#include "base/story.h"
#include "runtime/do/context.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// Performs any step except those that clone a child: only a launch performs these.
Result<void> perform_host_step(const Action& action, LaunchContext& context);

// Performs the wanted steps of the plan in order. None of them waits for a child.
Result<void> walk_host_steps(LaunchContext& context, bool (*wanted)(const Action& action));

// "host: mount proc on /proc [mount]", for the log.
story::Told told_as(const Step& step);

}  // namespace tare::runtime
