// SPDX-License-Identifier: Apache-2.0
//
// A recorded container and its current state in the kernel.
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

  // runtime.md "State": from the record, /proc and the freezer. A zombie is stopped.
  [[nodiscard]] Status status() const;
  // The same without reading the freezer: created or running, never paused.
  [[nodiscard]] Status phase() const;
  // created, running or paused; otherwise Kind::not_running.
  [[nodiscard]] Result<Status> live_status() const;
  [[nodiscard]] oci::State state() const;
  [[nodiscard]] oci::State state(Status status) const;

  // True if its processes end with init, because it has a pid namespace of its own.
  [[nodiscard]] bool owns_pid_namespace() const;

  [[nodiscard]] std::vector<cgroups::Directory> cgroup() const;
  [[nodiscard]] std::optional<cgroups::Scope> scope() const;  // if systemd created the cgroup

  // A pidfd of init that cannot refer to another process: opened first, then compared with the
  // start time. Kind::not_running if init is gone.
  [[nodiscard]] Result<UniqueFd> open_init() const;
};

// A pid of an earlier boot is not valid.
bool same_boot(const oci::Record& record);
// For a record in phase "creating".
bool is_creator_running(const oci::Record& record);

}  // namespace tare::runtime
