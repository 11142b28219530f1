// SPDX-License-Identifier: Apache-2.0
//
// From a bundle to a container whose init waits: what `create`, `run` and `plan` have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "oci/bundle.h"
#include "oci/record.h"
#include "runtime/host/facts.h"
#include "runtime/launch/launch.h"
#include "runtime/lifecycle/caller.h"
#include "runtime/plan/plan.h"
#include "runtime/store/store.h"

namespace tare::runtime {

struct CreateRequest : HostRequest {
  std::string bundle = ".";
  std::string config = "config.json";  // in the bundle, or an absolute path
  std::string console_socket;          // path, or empty
  std::string pidfd_socket;
  std::string pid_file;
  bool no_pivot = false;
  bool no_new_keyring = false;
  std::string notify_directory;  // path of the container's place to notify from, or empty
  int preserve_fds = 0;
  std::vector<oci::Namespace> joined;  // to join instead of what config.json says of their kinds
  bool waits_for_start = true;
  bool detaches = true;         // nobody stays to serve a terminal
  UniqueFd own_console;         // foreground `run`: the terminal's master comes here
  char* const* argv = nullptr;  // to run again from a sealed copy, where that is needed
};

// What a request means, without any effect.
struct Understood {
  oci::Bundle bundle;
  oci::Config config;
  Plan plan;
  oci::State state;    // for hooks; pid and status still open
  oci::Record record;  // what will be recorded; pid and phase still open
  std::vector<std::string> warnings;
};

Result<Understood> understand(const CreateRequest& request);

// Parts of it: the canonical path of the root file system, and what the planner is told.
Result<std::string> find_rootfs(const oci::Bundle& bundle, const oci::Config& config);
PlanOptions plan_options(const CreateRequest& request, const oci::Bundle& bundle,
                         const std::string& rootfs);

// Init, as `create` and `restore` have it when it is there.
struct RunningInit {
  pid_t pid = 0;
  int pidfd = -1;
  std::vector<cgroups::Directory> cgroup;
  std::optional<oci::RecordedResctrl> resctrl;
};

// Writes the record and the pid file, and sends the pidfd.
Result<PidFile> publish(const Entry& entry, oci::Record& record, const CreateRequest& request,
                        const RunningInit& running);

// Filled in when a hook made a create fail, after all has been undone.
struct HookFailure {
  std::optional<oci::Hooks> hooks;
  oci::State state;
};
void note_hook_failure(const Error& error, const Understood& understood, HookFailure* failure);

// A container in creation: everything is in place, init waits. Dropped before keep(): all is
// undone, the pid file too.
class Creation {
 public:
  static Result<Creation> begin(const Store& store, CreateRequest request, HookFailure* failure);
  // Writes the record and the pid file, and sends the pidfd. Init still waits for
  // launch().commit().
  Result<void> publish();
  void keep();

  [[nodiscard]] Launch& launch() { return *launch_; }
  [[nodiscard]] const Plan& plan() const { return understood_->plan; }
  [[nodiscard]] const Entry& entry() const { return reservation_.entry(); }
  [[nodiscard]] const oci::Record& record() const { return understood_->record; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return understood_->warnings; }

 private:
  Creation(CreateRequest request, std::unique_ptr<Understood> understood, Reservation reservation)
      : request_(std::move(request)),
        understood_(std::move(understood)),
        reservation_(std::move(reservation)) {}

  // Destroyed from the last to the first: the pid file, init, then the record.
  CreateRequest request_;
  std::unique_ptr<Understood> understood_;
  Reservation reservation_;
  std::unique_ptr<Launch> launch_;
  PidFile pid_file_;
};

}  // namespace tare::runtime
