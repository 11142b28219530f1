// SPDX-License-Identifier: Apache-2.0
//
// Calls systemd: the host's on the system bus, the caller's own on its session bus
// (org.freedesktop.systemd1(5)). Each function opens a connection of its own and has a deadline of
// some seconds; errors of systemd have its text.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/scope.h"

namespace tare::cgroups {

// A started scope: the destructor stops it, unless keep() was called.
class StartedScope {
 public:
  // Lets systemd create the scope and move the process into it, and waits until that is done.
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

// Stops the scope and resets its failed state. A missing scope is no error: systemd removes a scope
// when its last process exits.
Result<void> stop_scope(const Scope& scope);

// Changes properties of a running scope, until the next boot. When this returns, systemd has
// written the resulting values to the cgroup's files.
Result<void> set_properties(const Scope& scope, const std::vector<Property>& properties);

// Whether it answers: the caller's own systemd, or the host's.
Result<void> ping_manager(bool of_user);

// The cgroup in which the caller's own systemd creates its units.
Result<std::string> user_manager_cgroup();

}  // namespace tare::cgroups
