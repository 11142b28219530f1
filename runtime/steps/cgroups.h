// SPDX-License-Identifier: Apache-2.0
//
// The cgroup: config-linux.md "Control groups".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/writes.h"
#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/scope.h"
#include "oci/config.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct MakeCgroup {
  static constexpr const char* calls = "mkdirat openat";
  static constexpr Actors actors{Actor::host};
  std::vector<cgroups::Directory> directories;
  std::vector<cgroups::Write> limits;  // what LimitCgroup will write: which controllers it needs
  bool may_fail = false;               // rootless: without limits it goes without a cgroup
  [[nodiscard]] std::string words() const;
};

// The cgroup of a container that is there already, for a process that joins it.
struct OpenCgroup {
  static constexpr const char* calls = "openat2";
  static constexpr Actors actors{Actor::host};
  std::vector<cgroups::Directory> directories;
  bool counts_last = false;  // the hierarchy of `pids` is entered by EnterFullCgroup
  [[nodiscard]] std::string words() const;
};

// Systemd makes the container's cgroup, around init that is there already.
struct StartScope {
  static constexpr const char* calls = "sendmsg(StartTransientUnit) openat";
  static constexpr Actors actors{Actor::host};
  cgroups::Scope scope;
  std::vector<cgroups::Property> properties;
  std::vector<cgroups::Directory> directories;
  std::vector<cgroups::Write> limits;  // as of MakeCgroup
  [[nodiscard]] std::string words() const;
};

struct LimitCgroup {
  static constexpr const char* calls = "openat write";
  static constexpr Actors actors{Actor::host};
  std::vector<cgroups::Write> limits;  // each with its own place in config.json
  [[nodiscard]] std::string words() const;
};

struct RestrictDevices {
  static constexpr const char* calls = "bpf or write";
  static constexpr Actors actors{Actor::host};
  std::vector<oci::DeviceCgroup> rules;
  bool may_fail = false;  // in a user namespace the kernel already refuses device nodes
  [[nodiscard]] std::string words() const;
};

// The container's own to divide: its user may make cgroups beneath (config-linux.md, "Cgroup
// ownership").
struct DelegateCgroup {
  static constexpr const char* calls = "fchownat";
  static constexpr Actors actors{Actor::host};
  std::uint32_t uid = 0;  // as the host knows it
  std::string below;      // the part of it that DivideCgroup made; empty: the whole
  [[nodiscard]] std::string words() const;
};

// Init into a cgroup without limits in the container's own, which has them.
struct DivideCgroup {
  static constexpr const char* calls = "mkdir write(cgroup.procs) write(cgroup.subtree_control)";
  static constexpr Actors actors{Actor::host};
  std::string name;
  [[nodiscard]] std::string words() const;
};

struct EnterCgroup {
  static constexpr const char* calls = "write(tasks)";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

// Into the cgroup that counts processes, whose limit is reached: it lets nobody clone there, but
// who moves there may.
struct EnterFullCgroup {
  static constexpr const char* calls = "write(tasks) close";
  static constexpr Actors actors{Actor::stub};
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using CgroupsSteps = Steps<step::MakeCgroup, step::OpenCgroup, step::StartScope, step::LimitCgroup,
                           step::RestrictDevices, step::DelegateCgroup, step::DivideCgroup,
                           step::EnterCgroup, step::EnterFullCgroup>;

Result<void> perform(const step::MakeCgroup&, LaunchContext&);
Result<void> perform(const step::OpenCgroup&, LaunchContext&);
Result<void> perform(const step::StartScope&, LaunchContext&);
Result<void> perform(const step::LimitCgroup&, LaunchContext&);
Result<void> perform(const step::RestrictDevices&, LaunchContext&);
Result<void> perform(const step::DelegateCgroup&, LaunchContext&);
Result<void> perform(const step::DivideCgroup&, LaunchContext&);
Call<void> perform(const step::EnterCgroup&, LaunchContext&);

}  // namespace tare::runtime
