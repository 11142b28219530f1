// SPDX-License-Identifier: Apache-2.0
//
// A container's cgroup as a unit of systemd: a scope, whose processes systemd did not start
// (systemd.scope(5)), in a slice (systemd.slice(5)). Only names; nothing here calls systemd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

struct Scope {
  std::string unit;      // "tare-box.scope"
  std::string slice;     // "system.slice"
  bool of_user = false;  // a unit of the caller's own systemd, not of the host's
  std::string subgroup;  // the container's cgroup is this child of the scope's; empty: the scope's
};

// linux.cgroupsPath for systemd: "slice:prefix:name", "[slice]:[prefix]:name" as engines write it.
// Without it the slice is system.slice (user.slice of a user) and the unit tare-ID.scope.
Result<Scope> scope_of(const std::string& cgroups_path, const std::string& id, bool of_user);

// "/a.slice/a-b.slice" for "a-b.slice": the dashes in a slice's name are its parents.
std::string slice_path(std::string_view slice);

// The container's directory in each hierarchy: the scope's, or its subgroup. `manager` is systemd's
// own cgroup, "" if that is the root.
std::vector<Directory> place(const Layout& layout, const Scope& scope, const std::string& manager);

// The cgroup of the host's systemd units, from the text of /proc/1/cgroup: process 1 is in
// init.scope.
std::string manager_cgroup(std::string_view cgroup_of_process_1);

}  // namespace tare::cgroups
