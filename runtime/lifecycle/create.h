// SPDX-License-Identifier: Apache-2.0
//
// From a bundle to a container whose init waits: the common part of `create`, `run` and `plan`.
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
  std::string notify_directory;  // path of the container's directory for notifications, or empty
  int preserve_fds = 0;
  std::vector<oci::Namespace> joined;  // namespaces to join instead of those of config.json
  bool waits_for_start = true;
  bool detaches = true;         // tare exits and cannot serve a terminal
  UniqueFd own_console;         // foreground `run`: receives the terminal's master
  char* const* argv = nullptr;  // to run again from a sealed copy, if needed
};

// The result of reading a request, without side effects.
struct Understood {
  oci::Bundle bundle;
  oci::Config config;
  Plan plan;
  oci::State state;    // for hooks; pid and status not set yet
  oci::Record record;  // the future record; pid and phase not set yet
  std::vector<std::string> warnings;
};

Result<Understood> understand(const CreateRequest& request);

// The config joins these instead of the namespaces of their kinds that it names.
void join_instead(oci::Config& config, const std::vector<oci::Namespace>& joined);

// Parts of it: the canonical path of the root file system, and the planner's options.
Result<std::string> find_rootfs(const oci::Bundle& bundle, const oci::Config& config);
PlanOptions plan_options(const CreateRequest& request, const oci::Bundle& bundle,
                         const std::string& rootfs);

// Init as `create` and `restore` return it.
struct RunningInit {
  pid_t pid = 0;
  int pidfd = -1;
  std::vector<cgroups::Directory> cgroup;
  std::optional<oci::RecordedResctrl> resctrl;
};

// Writes init's link, and the record beside the one that readers see.
Result<Replacement> prepare_record(const Entry& entry, oci::Record& record,
                                   const RunningInit& running);

// The socket for init's pidfd: of --pidfd-socket, or of the annotation; empty: none.
std::string pidfd_receiver(const CreateRequest& request, const oci::Record& record);

// From here on the container is `created`. Writes the pid file, and sends the pidfd.
Result<void> publish(const Entry& entry, Replacement record, PidFile& pid_file,
                     const std::string& receiver, const RunningInit& running);

// Set if a hook made a create fail, after everything has been undone.
struct HookFailure {
  std::optional<oci::Hooks> hooks;
  oci::State state;
};
void note_hook_failure(const Error& error, const Understood& understood, HookFailure* failure);

// A container that was created: recorded, and init waits for launch().commit(). If init does not
// wait for a start, and nothing has to happen before its program runs, it does not wait for this
// either. If it is destroyed before keep(), everything is undone, including the pid file.
class Creation {
 public:
  static Result<Creation> begin(const Store& store, CreateRequest request, HookFailure* failure);
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
  Result<void> start_init(LaunchOptions options);
  [[nodiscard]] RunningInit running() const;
  [[nodiscard]] bool goes_ahead() const;

  // Destroyed in reverse order: the pid file, init, then the record.
  CreateRequest request_;
  std::unique_ptr<Understood> understood_;
  Reservation reservation_;
  std::unique_ptr<Launch> launch_;
  PidFile pid_file_;
};

}  // namespace tare::runtime
