// SPDX-License-Identifier: Apache-2.0
//
// Another process in a running container: `exec`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/launch/launch.h"
#include "runtime/lifecycle/caller.h"
#include "runtime/plan/plan.h"
#include "runtime/store/container.h"
#include "runtime/store/store.h"

namespace tare::runtime {

struct ExecRequest {
  std::string id;
  // The complete process as JSON; otherwise the container's process with the changes below.
  std::string process_file;
  std::vector<std::string> args;
  bool terminal = false;
  std::string cwd;                   // empty: the container's
  std::string user;                  // "UID[:GID]", empty: the container's
  std::vector<std::string> gids;     // added
  std::vector<std::string> env;      // added
  std::vector<std::string> caps;     // added
  bool no_new_privileges = false;    // added
  std::string apparmor_profile;      // empty: the container's
  std::string selinux_label;         // empty: the container's
  std::vector<std::string> cgroups;  // "[CONTROLLER,...:]PATH" below the container's own
  std::string console_socket;        // path, or empty
  std::string pidfd_socket;
  std::string pid_file;
  int preserve_fds = 0;
  bool ignore_paused = false;
  bool detaches = false;
  UniqueFd own_console;  // in the foreground: receives the terminal's master
};

// The requested process, validated. Pure, except that it reads the file.
Result<oci::Process> requested_process(const ExecRequest& request,
                                       const std::optional<oci::Process>& containers);

// A joined process. If it is destroyed before keep(), it kills the process and removes the pid
// file.
class Execution {
 public:
  static Result<Execution> begin(const Store& store, ExecRequest request);
  // Writes the pid file and sends the pidfd. The program runs when this returns, and already before
  // if nobody has to see the process first.
  Result<void> start();
  void keep();

  [[nodiscard]] Launch& launch() { return *launch_; }
  [[nodiscard]] const Plan& plan() const { return *plan_; }

 private:
  explicit Execution(ExecRequest request) : request_(std::move(request)) {}

  ExecRequest request_;
  std::unique_ptr<Plan> plan_;  // the launch has a reference to it
  std::unique_ptr<Launch> launch_;
  PidFile pid_file_;
};

}  // namespace tare::runtime
