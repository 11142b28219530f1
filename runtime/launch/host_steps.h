// SPDX-License-Identifier: Apache-2.0
//
// The host's steps: those of a launch, and of a restore, whose processes CRIU makes.
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/do/context.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// Every kind but those that make a child, which are the launch's.
Result<void> perform_host_step(const Action& action, LaunchContext& context);

// Those of the plan that are wanted, in its order, none of which waits for a child.
Result<void> walk_host_steps(LaunchContext& context, bool (*wanted)(const Action& action));

// "host: mount proc on /proc [mount]", for the log.
std::string told_as(const Step& step);

}  // namespace tare::runtime
