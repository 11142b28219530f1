// SPDX-License-Identifier: Apache-2.0
//
// The plan: everything that a create does, in order, as data. make_plan() is pure: the same config
// and host facts give the same plan, without root and without touching the host.
//
// Host, stage, init and stub hold the same plan (children inherit the memory) and walk it. Steps of
// one actor are done in list order; the actors run side by side, and meet only where a step says
// `after`: the step of another actor that must be done first. That list is the whole protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/systemd/scope.h"
#include "oci/config.h"
#include "runtime/steps/action.h"

namespace tare::runtime {

inline constexpr int no_step = -1;

struct Step {
  Actor actor;
  std::string origin;   // JSON pointer into config.json, or empty for what every container gets
  int after = no_step;  // a step of another actor, always earlier in the list
  Action action;
};

struct Plan {
  std::vector<Step> steps;

  int namespace_slots = 0;
  int tree_slots = 0;
  int device_slots = 0;

  // execve(2)'s arguments; env has an empty last entry where FindHome may put HOME.
  std::vector<std::string> args;
  std::vector<std::string> env;

  int preserved_descriptors = 0;  // 3 .. 3+N-1 belong to the container
  bool waits_for_start = true;    // create; `run` starts at once
  bool terminal = false;
  bool takes_mounts_back = false;  // a failure unmounts what was mounted before it
  Slot host_root = -1;             // no mount namespace of its own: the tree that delete unmounts
  // The host has no privilege over init: it must be able to write its id maps, and to see that it
  // is the stub.
  bool mapped_by_user = false;
  bool stub_is_readable = false;
  bool groups_are_denied = false;  // setgroups(2), where init comes from

  [[nodiscard]] bool announced(int step) const;  // some step waits for it
};

// The number of the last step of this type, or no_step.
template <class Type>
int last_step(const Plan& plan) {
  for (int i = static_cast<int>(plan.steps.size()) - 1; i >= 0; --i) {
    if (std::holds_alternative<Type>(plan.steps[static_cast<std::size_t>(i)].action)) return i;
  }
  return no_step;
}

// What the planner must know of the host. Facts, no descriptors.
struct Host {
  std::vector<cgroups::Directory> cgroup;  // where the container goes; empty: no cgroup
  std::optional<cgroups::Scope> scope;     // systemd makes it, as this unit
  bool cgroup_v2 = false;                  // the mount of type cgroup is one cgroup2
  bool rootless = false;                   // it goes without cgroups that it may not make
  bool in_user_namespace = false;          // tare's own user namespace is not the first one
  bool takes_trees = true;                 // it may clone mounts of its own mount namespace
  bool groups_are_denied = false;          // setgroups(2), in tare's own user namespace
  bool takes_pids_of_procfs = true;        // fsconfig(2), "pidns"; only looked up if one is joined
  std::uint64_t process_limit = ~std::uint64_t{0};  // tare's own hard RLIMIT_NPROC
  std::uint32_t uid = 0;                            // who tare is
  std::uint32_t gid = 0;
  std::uint64_t capabilities = ~std::uint64_t{0};  // those that tare itself holds
  bool apparmor = false;                           // in force
  bool selinux = false;

  [[nodiscard]] bool holds(int capability) const { return (capabilities >> capability & 1) != 0; }
};

struct PlanOptions {
  std::string id;
  std::string rootfs;  // absolute host path of the root file system
  std::string bundle;  // absolute host path, for relative mount sources
  bool no_pivot = false;
  bool no_new_keyring = false;
  int preserved_descriptors = 0;  // --preserve-fds plus LISTEN_FDS
  int listen_descriptors = 0;     // LISTEN_FDS
  std::string listen_names;       // LISTEN_FDNAMES
  bool waits_for_start = true;
};

Result<Plan> make_plan(const oci::Config& config, const Host& host, const PlanOptions& options);

// A process more in a container that runs.
struct ExecFacts {
  std::uint64_t namespaces = 0;  // CLONE_NEW*: those that are not tare's own
  std::string root;              // host path of its root, if it has no mount namespace of its own
  std::optional<step::JoinResctrl> resctrl;  // the group that the container is in
  bool is_hook = false;                      // its standard streams are given
  bool cgroup_is_full = false;  // the limit of processes is reached, or would be by the joiner
};
Result<Plan> make_exec_plan(const oci::Config& config, const Host& host, const PlanOptions& options,
                            const ExecFacts& facts);

// Mounts in a container that runs, all of them or none (`mounts add`), or their end (`remove`). Of
// the config: the mounts and what the record says of the container's namespaces.
enum class MountsChange { add, remove, remove_lazily };
Result<Plan> make_mounts_plan(const oci::Config& config, const Host& host,
                              const PlanOptions& options, std::uint64_t namespaces,
                              MountsChange change);

// The table that `tare plan` prints: one line per step.
std::string print_plan(const Plan& plan);

}  // namespace tare::runtime
