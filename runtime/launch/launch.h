// SPDX-License-Identifier: Apache-2.0
//
// Walks a plan: clones the container's init (and a stage, if the plan has one) and performs the
// host's steps beside it. Returns when init is the stub and everything is in place.
//
//   host ── clone3 ──> init          one seqpacket socket, stub::Report in both directions:
//     │  <── step done / failed ──     init reports steps that the host waits for, and failures,
//     │  ─── step done ──>             the host reports steps that init waits for,
//     │  <── ready ──                  the stub waits here for one byte or the end of the host
//   publish
//     │  ─── commit ──>
//
// Init and stage end if the host ends before the commit.
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
  // `state` is the state that hooks receive. run() fills in pid and status.
  static Result<Launch> run(const Plan& plan, oci::State state, LaunchOptions options);
  Launch(Launch&&) noexcept;
  Launch& operator=(Launch&&) noexcept = delete;
  ~Launch();

  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] int pidfd() const;
  [[nodiscard]] std::vector<cgroups::Directory> cgroup() const;
  [[nodiscard]] std::optional<oci::RecordedResctrl> resctrl() const;

  // Lets init continue: it waits for the start, or calls execve(2).
  Result<void> commit();
  // After a commit without AwaitStart: waits for the result of execve(2).
  Result<void> await_execution();
  // From here on, nothing is undone.
  void keep();

 private:
  explicit Launch(std::unique_ptr<LaunchContext> context);
  std::unique_ptr<LaunchContext> context_;
  bool kept_ = false;
};

}  // namespace tare::runtime
