// SPDX-License-Identifier: Apache-2.0
//
// The words for a launch that failed. Children send numbers; the host owns the plan and says which
// step of the user's config it was.
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

// A step of the host failed with `error`, whose words begin where the step's description ends.
Error step_failure(const Step& step, Error error);

// What a failure is looked into with.
struct Circumstances {
  std::vector<cgroups::Directory> cgroup;  // the container's
  bool in_user_namespace = false;          // the container has one that is not tare's own
};

// A child reported a failure.
Error report_failure(const Step& step, const stub::Report& report,
                     const Circumstances& circumstances);

// Init ended without a word; `last_done` is the last step that it told of, `oom` what the kernel
// tells of its cgroup.
Error death_words(const Plan& plan, int last_done, int wait_status,
                  const std::optional<cgroups::OomReport>& oom);

// execve(2), or the search before it, failed for the program `name`. The words are those by which
// engines tell 126 from 127.
Error exec_failure(const std::string& name, int error, bool found);

}  // namespace tare::runtime
