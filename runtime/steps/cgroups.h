// SPDX-License-Identifier: Apache-2.0
//
// Steps for the cgroup: config-linux.md "Control groups".
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
  std::vector<cgroups::Directory> directories;  // all of the container's
  std::vector<cgroups::Write> limits;           // of LimitCgroup, which show the needed controllers
  bool may_fail = false;  // rootless: a container without limits needs no cgroup
  cgroups::Versions versions = cgroups::Versions::all;  // the directories that this step creates
  [[nodiscard]] std::string words() const;
};

// The cgroup of an existing container, for a process that joins it.
struct OpenCgroup {
  static constexpr const char* calls = "openat2";
  static constexpr Actors actors{Actor::host};
  std::vector<cgroups::Directory> directories;
  bool counts_last = false;  // EnterFullCgroup enters the hierarchy of `pids`
  [[nodiscard]] std::string words() const;
};

// systemd creates the container's cgroup for init, which exists already.
struct StartScope {
  static constexpr const char* calls = "sendmsg(StartTransientUnit) openat";
  static constexpr Actors actors{Actor::host};
  cgroups::Scope scope;
  std::vector<cgroups::Property> properties;
  std::vector<cgroups::Directory> directories;
  std::vector<cgroups::Write> limits;  // as in MakeCgroup
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
  bool may_fail = false;  // in a user namespace, the kernel refuses the rules
  [[nodiscard]] std::string words() const;
};

// Gives the cgroup to the container's user, who may then create cgroups below (config-linux.md,
// "Cgroup ownership").
struct DelegateCgroup {
  static constexpr const char* calls = "fchownat";
  static constexpr Actors actors{Actor::host};
  std::uint32_t uid = 0;  // on the host
  std::string below;      // the child that DivideCgroup made; empty: the cgroup itself
  [[nodiscard]] std::string words() const;
};

// Moves init into a child cgroup without limits; the container's own cgroup keeps them.
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

// Enters the cgroup that counts processes when its limit is reached: clone(2) fails there, but a
// process may move in.
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
