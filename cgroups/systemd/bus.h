// SPDX-License-Identifier: Apache-2.0
//
// Speaks to systemd: the host's at the system bus, the caller's own at its session bus
// (org.freedesktop.systemd1(5)). Each function opens a connection of its own and waits some seconds
// at most; errors of systemd are in its words.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/scope.h"

namespace tare::cgroups {

// A scope that was started: stopped by the destructor, unless keep() was called.
class StartedScope {
 public:
  // Has systemd make the scope and move the process into it, and waits until that is done.
  static Result<StartedScope> start(const Scope& scope, const std::vector<Property>& properties,
                                    pid_t process);
  StartedScope(StartedScope&& other) noexcept;
  StartedScope& operator=(StartedScope&&) noexcept = delete;
  ~StartedScope();
  void keep() { kept_ = true; }

 private:
  explicit StartedScope(const Scope& scope) : scope_(scope) {}
  Scope scope_;
  bool kept_ = false;
};

// Stops it and has its failure forgotten. One that is gone already is no error: systemd lets a
// scope go when its last process ends.
Result<void> stop_scope(const Scope& scope);

// Changes properties of a scope that runs, until the next boot. When this returns, systemd has
// written what follows from them to the cgroup's files.
Result<void> set_properties(const Scope& scope, const std::vector<Property>& properties);

// Whether it answers: the caller's own, or the host's.
Result<void> ping_manager(bool of_user);

// The cgroup in which the caller's own systemd makes its units.
Result<std::string> user_manager_cgroup();

}  // namespace tare::cgroups
