// SPDX-License-Identifier: Apache-2.0
//
// Steps that put a process into its namespaces: user_namespaces(7), setns(2), config-linux.md
// "Namespaces".
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct OpenNamespace {
  static constexpr const char* calls = "openat ioctl(NS_GET_NSTYPE)";
  static constexpr Actors actors{Actor::host};
  oci::NamespaceType type;
  std::string path;
  Slot slot;
  bool not_the_hosts = false;  // later steps change something in it
  [[nodiscard]] std::string words() const;
};

struct CloneStage {
  static constexpr const char* calls = "clone3";
  static constexpr Actors actors{Actor::host};
  std::uint64_t namespaces = 0;  // CLONE_NEWUSER if an unprivileged user needs it first
  [[nodiscard]] std::string words() const;
};

// Clones init; with a stage, the stage does it.
struct CloneInit {
  static constexpr const char* calls = "clone3";
  static constexpr Actors actors{Actor::host, Actor::stage};
  std::uint64_t namespaces = 0;  // CLONE_NEW*
  bool from_stage = false;
  bool into_cgroup = false;  // v2: starts in the container's cgroup
  [[nodiscard]] std::string words() const;
};

struct JoinNamespace {
  static constexpr const char* calls = "setns";
  static constexpr Actors actors{Actor::stage, Actor::init};
  oci::NamespaceType type;
  std::string path;
  Slot slot;
  [[nodiscard]] std::string words() const;
};

// Joins all namespaces of a running container at once, by the pidfd of its init.
struct JoinContainer {
  static constexpr const char* calls = "setns";
  static constexpr Actors actors{Actor::init};
  std::uint64_t namespaces = 0;  // CLONE_NEW*
  [[nodiscard]] std::string words() const;
};

struct TimeOffsets {
  static constexpr const char* calls = "unshare write";
  static constexpr Actors actors{Actor::stage};
  std::string text;  // lines for /proc/self/timens_offsets
  [[nodiscard]] std::string words() const;
};

// Without CAP_SETUID and CAP_SETGID the kernel accepts only the caller's own id. newuidmap(1) and
// newgidmap(1) write the ranges that subuid(5) and subgid(5) give the caller.
enum class MapWriter { self, helper };

struct WriteMappings {
  static constexpr const char* calls = "openat write";
  static constexpr Actors actors{Actor::host};
  std::string uid_map;  // lines for /proc/PID/uid_map
  std::string gid_map;
  MapWriter uids = MapWriter::self;
  MapWriter gids = MapWriter::self;
  bool deny_groups = false;  // setgroups(2) in the namespace: required first by user_namespaces(7)
  [[nodiscard]] std::string words() const;
};

// Becomes root of the new user namespace. From here on only the host's root may inspect init.
struct BecomeRoot {
  static constexpr const char* calls = "setgroups setresgid setresuid";
  static constexpr Actors actors{Actor::init};
  bool groups = false;
  [[nodiscard]] std::string words() const;
};

// Copies tare's own mounts, because a user can take mount trees only of a mount namespace of their
// own.
struct NewMountNamespace {
  static constexpr const char* calls = "unshare";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

struct NewCgroupNamespace {
  static constexpr const char* calls = "unshare";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

struct SetHostname {
  static constexpr const char* calls = "sethostname";
  static constexpr Actors actors{Actor::init};
  std::string name;
  [[nodiscard]] std::string words() const;
};

struct SetDomainname {
  static constexpr const char* calls = "setdomainname";
  static constexpr Actors actors{Actor::init};
  std::string name;
  [[nodiscard]] std::string words() const;
};

struct LoopbackUp {
  static constexpr const char* calls = "socket ioctl(SIOCSIFFLAGS)";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using NamespacesSteps =
    Steps<step::OpenNamespace, step::CloneStage, step::CloneInit, step::JoinNamespace,
          step::JoinContainer, step::TimeOffsets, step::WriteMappings, step::BecomeRoot,
          step::NewMountNamespace, step::NewCgroupNamespace, step::SetHostname, step::SetDomainname,
          step::LoopbackUp>;

Result<void> perform(const step::OpenNamespace&, LaunchContext&);
Call<void> perform(const step::JoinNamespace&, LaunchContext&);
Call<void> perform(const step::JoinContainer&, LaunchContext&);
Call<void> perform(const step::TimeOffsets&, LaunchContext&);
Result<void> perform(const step::WriteMappings&, LaunchContext&);
Call<void> perform(const step::BecomeRoot&, LaunchContext&);
Call<void> perform(const step::NewMountNamespace&, LaunchContext&);
Call<void> perform(const step::NewCgroupNamespace&, LaunchContext&);
Call<void> perform(const step::SetHostname&, LaunchContext&);
Call<void> perform(const step::SetDomainname&, LaunchContext&);
Call<void> perform(const step::LoopbackUp&, LaunchContext&);

}  // namespace tare::runtime
