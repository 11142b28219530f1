// SPDX-License-Identifier: Apache-2.0
//
// What the children of a launch say, checked before it is believed.
//
// From the moment a child can be seen in a container, a process there that holds CAP_SYS_PTRACE can
// take its channel (pidfd_getfd(2)) or make it say anything (ptrace(2)). So every report is hostile
// input: of a step that the plan lets a child report, once, with a value that the step can have.
// A pid in a report is only a claim: see child_of_ours().
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/plan/plan.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

class Reports {
 public:
  // With `traced` the children tell of every step.
  explicit Reports(const Plan& plan, bool traced = false)
      : plan_(plan), traced_(traced), done_(plan.steps.size()) {}

  // The next report on the channel, or nothing when there is none and `child` has ended: the end of
  // the channel alone tells nothing, as a process in the container may hold it.
  Result<std::optional<stub::Report>> receive(int channel, int child);

  // Why the plan does not allow this report now, or an empty text: then it counts as received.
  std::string objection(const stub::Report& report);

 private:
  const Plan& plan_;
  bool traced_;
  std::vector<bool> done_;
};

// A pidfd of the process, if the kernel says that it is a child of the caller that nobody has
// reaped; ECHILD otherwise.
Call<UniqueFd> child_of_ours(pid_t pid);

// After init was let go: reads its reports from `channel` until execve(2) closes it, or it is seen
// that it has taken place. `name` is the program.
struct AwaitedInit {
  pid_t pid;
  int pidfd;
};
Result<void> await_execution_on(int channel, AwaitedInit init, const std::string& name);

}  // namespace tare::runtime
