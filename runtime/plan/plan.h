// SPDX-License-Identifier: Apache-2.0
//
// The plan: all steps of a create, in order, as data. make_plan() is pure: the same config and host
// facts give the same plan, without root and without changing the host.
//
// Host, stage, init and stub have the same plan (children inherit the memory) and walk it. The
// steps of one actor run in list order. The actors run in parallel and wait only where a step names
// in `after` a step of another actor that must finish first. The list is the whole protocol.
#pragma once

#include <cstdint>
#include <deque>
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
  std::string origin;   // JSON pointer into config.json, or empty for defaults of every container
  int after = no_step;  // a step of another actor, always earlier in the list
  Action action;
  bool is_awaited = false;  // another step names it in `after`
};

struct Plan {
  std::deque<Step> steps;  // large, and no step moves while the plan is made

  int namespace_slots = 0;
  int tree_slots = 0;
  int device_slots = 0;

  // The arguments of execve(2). If FindHome may set HOME, the last entry of env is empty for it.
  std::vector<std::string> args;
  std::vector<std::string> env;

  int preserved_descriptors = 0;  // 3 .. 3+N-1 belong to the container
  bool waits_for_start = true;    // create; `run` starts at once
  bool terminal = false;
  bool takes_mounts_back = false;  // a failure unmounts the mounts before it
  Slot host_root = -1;             // without a mount namespace: the tree that delete unmounts
  // The host has no privileges over init: it must still be able to write init's id maps and to see
  // that init is the stub.
  bool mapped_by_user = false;
  bool stub_is_readable = false;
  bool groups_are_denied = false;  // setgroups(2), in init's parent user namespace
};

// The number of the last step of this type, or no_step.
template <class Type>
int last_step(const Plan& plan) {
  for (int i = static_cast<int>(plan.steps.size()) - 1; i >= 0; --i) {
    if (std::holds_alternative<Type>(plan.steps[static_cast<std::size_t>(i)].action)) return i;
  }
  return no_step;
}

// The host facts that the planner needs. No descriptors.
struct Host {
  std::vector<cgroups::Directory> cgroup;  // the container's cgroups; empty: none
  std::optional<cgroups::Scope> scope;     // the systemd unit that creates the cgroup
  bool cgroup_v2 = false;                  // a mount of type cgroup is a cgroup2
  bool rootless = false;                   // ignore cgroups that tare may not create
  bool in_user_namespace = false;          // tare is not in the initial user namespace
  bool takes_trees = true;                 // tare may clone mounts of its mount namespace
  bool groups_are_denied = false;          // setgroups(2), in tare's user namespace
  bool takes_pids_of_procfs = true;        // fsconfig(2), "pidns"; probed only if one is joined
  std::uint64_t process_limit = ~std::uint64_t{0};  // tare's own hard RLIMIT_NPROC
  std::uint32_t uid = 0;                            // tare's own
  std::uint32_t gid = 0;
  std::uint64_t capabilities = ~std::uint64_t{0};  // tare's own
  bool apparmor = false;                           // enabled
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

// Another process in a running container.
struct ExecFacts {
  std::uint64_t namespaces = 0;              // CLONE_NEW*, except those that tare is already in
  std::string root;                          // host path of its root, if it has no mount namespace
  std::optional<step::JoinResctrl> resctrl;  // the container's group
  bool is_hook = false;                      // its standard streams are set by the caller
  bool cgroup_is_full = false;  // the process limit is reached, or the joiner would reach it
};
Result<Plan> make_exec_plan(const oci::Config& config, const Host& host, const PlanOptions& options,
                            const ExecFacts& facts);

// `mounts add` and `mounts remove` for a running container: all mounts or none. Uses from the
// config the mounts and the recorded namespaces.
enum class MountsChange { add, remove, remove_lazily };
Result<Plan> make_mounts_plan(const oci::Config& config, const Host& host,
                              const PlanOptions& options, std::uint64_t namespaces,
                              MountsChange change);

// The table that `tare plan` prints: one line per step.
std::string print_plan(const Plan& plan);

}  // namespace tare::runtime
