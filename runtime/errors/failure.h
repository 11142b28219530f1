// SPDX-License-Identifier: Apache-2.0
//
// The message of a failed launch. Children send numbers; the host has the plan and knows which step
// of the user's config failed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/stats/memory_events.h"
#include "runtime/plan/plan.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

// A step of the host failed with `error`, whose text continues the step's description.
Error step_failure(const Step& step, Error error);

// Facts for finding the reason of a failure.
struct Circumstances {
  std::vector<cgroups::Directory> cgroup;  // the container's
  bool in_user_namespace = false;          // the container has another one than tare
};

// A child reported a failure.
Error report_failure(const Step& step, const stub::Report& report,
                     const Circumstances& circumstances);

// Init ended without a report; `last_done` is the last step that it reported, `oom` the kernel's
// OOM information of its cgroup.
Error death_words(const Plan& plan, int last_done, int wait_status,
                  const std::optional<cgroups::OomReport>& oom);

// execve(2), or the search before it, failed for the program `name`. Engines distinguish 126 from
// 127 by this text.
Error exec_failure(const std::string& name, int error, bool found);

}  // namespace tare::runtime
