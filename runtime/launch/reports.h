// SPDX-License-Identifier: Apache-2.0
//
// Reports from the children of a launch, checked before tare uses them.
//
// As soon as a child is visible in a container, a process there with CAP_SYS_PTRACE can take its
// channel (pidfd_getfd(2)) or make it send anything (ptrace(2)). So every report is untrusted
// input. tare accepts one report for each step that a child may report, with a value that the step
// can have. A pid in a report is only a claim: see child_of_ours().
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/story.h"
#include "base/unique_fd.h"
#include "runtime/plan/plan.h"
#include "runtime/stub/messages.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

class Reports {
 public:
  // If `traced`, the children report every step.
  explicit Reports(const Plan& plan, bool traced = false)
      : plan_(plan), traced_(traced), done_(plan.steps.size()) {}

  // The next report on the channel, or nothing if there is none and `child` has ended. The end of
  // the channel alone proves nothing, because a process in the container may hold it.
  Result<std::optional<Received>> receive(int channel, int child);

  // Why the plan does not allow this report now. If the text is empty, the report counts as
  // received.
  std::string objection(const stub::Report& report);

 private:
  const Plan& plan_;
  bool traced_;
  std::vector<bool> done_;
};

// The step as an event of the trace. A child can say any time, so a time that cannot be is 0.
story::Event event_of(const Step& step, const stub::Report& report);

// A pidfd of the process, if it is a child of the caller that was not reaped yet; ECHILD otherwise.
Call<UniqueFd> child_of_ours(pid_t pid);

// After the commit: reads init's reports from `channel` until execve(2) closes it, or until init no
// longer runs the stub. `name` is the program.
struct AwaitedInit {
  pid_t pid;
  int pidfd;
  int forked_at = -1;  // the step whose report, of init's parent, may come in between
};
Result<void> await_execution_on(int channel, AwaitedInit init, const std::string& name);

}  // namespace tare::runtime
