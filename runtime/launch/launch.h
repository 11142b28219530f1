// SPDX-License-Identifier: Apache-2.0
//
// Walks a plan: clones the container's init (and a stage, if the plan has one) and performs the
// host's steps beside it. Ready: init is the stub and everything is in place.
//
//   host ── clone3 ──> init          one seqpacket socket, stub::Report in both directions:
//     │  <── step done / failed ──     init reports steps that the host waits for, and failures,
//     │  ─── step done ──>             the host reports steps that init waits for,
//     │  <── ready ──                  the stub waits here for one byte or the end of the host
//   publish
//     │  ─── commit ──>
//
// The host may commit before init is ready, if it has nothing to do between: then init does not
// wait. Init and stage end if the host ends before init is ready and the commit is sent.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/output/state.h"
#include "oci/record.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

class HostWalk;
struct LaunchContext;

struct LaunchOptions {
  UniqueFd console_socket;  // for MakeConsole
  UniqueFd start;           // for AwaitStart: the two FIFOs of the store
  UniqueFd started;
  UniqueFd container;                   // for JoinContainer: the pidfd of the container's init
  std::array<int, 3> streams{0, 1, 2};  // for TakeStreams
  UniqueFd host_root;                   // Plan::host_root, if it was already opened
};

// A launched container that is not committed yet. Destroying it before keep() kills and reaps init,
// removes the cgroups and undoes the mounts on the host.
class Launch {
 public:
  // `state` is the state that hooks receive; pid and status are filled in. begin() returns when the
  // host has done its steps, run() when init is ready.
  static Result<Launch> begin(const Plan& plan, oci::State state, LaunchOptions options);
  static Result<Launch> run(const Plan& plan, oci::State state, LaunchOptions options);
  Launch(Launch&&) noexcept;
  Launch& operator=(Launch&&) noexcept = delete;
  ~Launch();

  Result<void> await_ready();

  // Before init is ready, its pid is not known if it forks.
  [[nodiscard]] bool knows_pid() const;
  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] int pidfd() const;
  [[nodiscard]] std::vector<cgroups::Directory> cgroup() const;
  [[nodiscard]] std::optional<oci::RecordedResctrl> resctrl() const;

  // Lets init continue when it is ready: it waits for the start, or calls execve(2). Once is
  // enough.
  Result<void> commit();
  // After a commit without AwaitStart: waits for the result of execve(2).
  Result<void> await_execution();
  // From here on, nothing is undone.
  void keep();

 private:
  explicit Launch(std::unique_ptr<LaunchContext> context);
  std::unique_ptr<LaunchContext> context_;
  std::unique_ptr<HostWalk> walk_;
  bool is_committed_ = false;
  bool kept_ = false;
};

}  // namespace tare::runtime
