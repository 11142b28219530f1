// SPDX-License-Identifier: Apache-2.0
//
// A recorded container and what the kernel says about it now.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/systemd/scope.h"
#include "oci/output/state.h"
#include "oci/record.h"
#include "runtime/store/recorded.h"
#include "runtime/store/store.h"

namespace tare::runtime {

enum class Status { creating, created, running, paused, stopped };
const char* word(Status status);

struct Container {
  Entry entry;
  oci::Record record;

  static Result<Container> load(const Store& store, const std::string& id);

  // runtime.md "State": from the record, /proc and the freezer. A zombie has stopped.
  [[nodiscard]] Status status() const;
  // The same without the freezer: never paused, but created or running.
  [[nodiscard]] Status phase() const;
  // created, running or paused; Kind::not_running if it is not there yet or any more.
  [[nodiscard]] Result<Status> live_status() const;
  [[nodiscard]] oci::State state() const;
  [[nodiscard]] oci::State state(Status status) const;

  // Its processes end with init: it has a pid namespace that was made for it.
  [[nodiscard]] bool owns_pid_namespace() const;

  [[nodiscard]] std::vector<cgroups::Directory> cgroup() const;
  [[nodiscard]] std::optional<cgroups::Scope> scope() const;  // if systemd made the cgroup

  // A descriptor of init that cannot name another process: opened, then compared with the start
  // time. Kind::not_running if init is gone.
  [[nodiscard]] Result<UniqueFd> open_init() const;
};

// A pid from before a reboot is nobody's.
bool same_boot(const oci::Record& record);
// Of a record in phase "creating".
bool is_creator_running(const oci::Record& record);

}  // namespace tare::runtime
