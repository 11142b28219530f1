// SPDX-License-Identifier: Apache-2.0
//
// A plan under construction. The planners of the nouns append to it in the order of create.cpp.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// Who takes the trees of the host's mounts. Where the container has a user namespace, what it must
// not undo has to be locked in them: they come from init's copy of the host's mounts.
enum class TreesBy { host, host_in_copy, init };

struct Draft {
  const oci::Config& config;
  const oci::Linux& linux_;  // the config's, or an empty one
  const oci::Process& process;
  const Host& host;
  const PlanOptions& options;
  Plan plan;                         // values of options and host; no steps until finish()
  int mapped = no_step;              // the host's last step on init before BecomeRoot
  int scope_started = no_step;       // the step after which systemd has put init into its cgroup
  int cgroup_made = no_step;         // the step after which init can enter the v1 cgroups
  int init_waits_for = no_step;      // the host's step that init's next step waits for
  int trees_taken = no_step;         // where the trees are taken, if not before everything
  int copy_left = no_step;           // the step by which the host has them all from init's copy
  Slot joined_network = -1;          // the network namespace that init joins
  Slot joined_pids = -1;             // the pid namespace
  Slot joined_users = -1;            // the user namespace that it joins
  std::optional<Step> joins_mounts;  // by init, when the trees are taken from its copy

  Draft(const oci::Config& config, const Host& host, const PlanOptions& options);

  // A step that the host performs before it clones. No step can or needs to wait for it.
  template <class Kind>
  void take(std::string origin, Kind step) {
    static_assert(Kind::actors.contains(Actor::host), "the host does not perform this step");
    taken_.push_back(Step{Actor::host, std::move(origin), no_step, std::move(step)});
  }
  // A step of the launch; returns its number, for `after` of a later step.
  template <Actor actor, class Kind>
  int add(std::string origin, Kind step, int after = no_step) {  // NOLINT: it is moved
    static_assert(Kind::actors.contains(actor), "this actor does not perform this step");
    return append(actor, std::move(origin), std::move(step), after);
  }
  // The same, if the actor depends on the config.
  int add_for(Actor actor, std::string origin, Action action, int after = no_step);
  // The number of the next step.
  [[nodiscard]] int next() const { return static_cast<int>(steps_.size()); }
  // The last step of the actor so far, or no_step.
  [[nodiscard]] int last(Actor actor) const;

  // A tree or namespace that the host opens first: adds the step and returns its slot. If the host
  // may not clone mounts, init takes all trees before it mounts any.
  Slot take_tree(std::string origin, step::OpenTree tree);
  void map_tree(std::string origin, step::MapTree map);  // a tree that was taken
  [[nodiscard]] TreesBy trees_by() const;
  // The same for a tree that exists only after init: init takes it at this point.
  Slot take_tree_late(std::string origin, step::OpenTree tree);
  Slot take_namespace(std::string origin, oci::NamespaceType type, std::string path,
                      bool not_the_hosts);

  // How the config lists a namespace.
  [[nodiscard]] const oci::Namespace* find(oci::NamespaceType type) const;
  [[nodiscard]] bool is_new(oci::NamespaceType type) const;     // listed without a path
  [[nodiscard]] bool is_joined(oci::NamespaceType type) const;  // listed with a path
  [[nodiscard]] bool own_mounts() const { return find(oci::NamespaceType::mount) != nullptr; }
  // True if init ends up in another user namespace than tare's.
  [[nodiscard]] bool in_user_namespace() const { return find(oci::NamespaceType::user) != nullptr; }
  // True if init ends up outside the initial user namespace: no device nodes, no privileges over
  // objects of the initial one.
  [[nodiscard]] bool without_host_privilege() const {
    return in_user_namespace() || host.in_user_namespace;
  }
  // True for an unprivileged user, who can do nothing before there is a user namespace.
  [[nodiscard]] bool unprivileged() const;

  Plan finish() &&;

 private:
  int append(Actor actor, std::string origin, Action action, int after);

  std::vector<Step> taken_;
  std::vector<Step> trees_;  // that are not taken before everything
  std::deque<Step> steps_;
};

// The list format of cpuset(7), "0-3,7", as one bit per CPU. Validation has checked the syntax and
// the number of entries.
std::vector<unsigned long> bit_mask(std::string_view list);
std::string pointer(std::string_view list, std::size_t index);  // ("/mounts", 3) → "/mounts/3"
std::string pointer(std::string_view map, const std::string& key);  // RFC 6901: "/" is "~1"

// The planners, in the order in which create.cpp calls them.
Result<void> plan_namespaces(Draft& draft);  // stage, joins, the clone
Result<void> plan_mappings(Draft& draft);    // host: id maps, oom score
Result<void> plan_limits(Draft& draft);      // host: cgroup values and devices
void plan_early_identity(Draft& draft);      // session, keyring, loopback, host name
void plan_session_keyring(Draft& draft);     // also for a process that joins the container
void plan_namespace_root(Draft& draft);      // root of a user namespace
void plan_host_mounts(Draft& draft);         // propagation, the root's tree, root of the namespace
Result<void> plan_mounts(Draft& draft, std::size_t begin, std::size_t end);  // of the config's list
void plan_mount_seals(Draft& draft);  // read-only tmpfs, when all beneath is made
// Validation allows only the few places in /proc that may be covered.
bool is_in_proc(const InsidePath& path);
// Init joins a pid namespace in which others can see it. As a process that joins a container, it
// enters only at the end, when it has no more privileges than the container.
bool appears_late(const Draft& draft);
bool attaches_root(const Draft& draft);  // the root file system is mounted on itself
Result<void> plan_devices(Draft& draft);
// tare creates nothing in a directory of the host that is bind-mounted on /dev. Of several mounts
// there the last one is visible.
bool host_dev_is_bound(const oci::Config& config);
void plan_cgroup_entry(Draft& draft);  // into the cgroup and its namespace
void plan_resctrl(Draft& draft);       // a group of Intel RDT
void plan_net_devices(Draft& draft);   // moved in when all is mounted
void plan_create_hooks(Draft& draft);  // prestart, createRuntime, createContainer
void plan_protection(Draft& draft);    // sysctl, readonlyPaths, maskedPaths
// late: the session is created when init has entered the pid namespace
enum class Console { own, late, joined };
void plan_console(Draft& draft, Console which);  // terminal, HOME
void plan_enter_root(Draft& draft);              // late read-only flags, pivot_root
enum class Joins { nothing, container };
// What survives the stub's execve, and becoming it.
void plan_stub(Draft& draft, Joins joins);
// How the process enters the container: as its init, or by joining it. In a joined pid namespace it
// becomes visible when it forks into it.
enum class Appears { with_init, as_it_is, by_fork };
struct Appearance {
  Appears how = Appears::with_init;
  bool enters_full_cgroup = false;  // only then
};
// All other steps of the process, up to its execve.
Result<void> plan_execution(Draft& draft, Appearance appearance);
// The host's way to init's copy of its mounts, if trees are taken there, and back. No user
// namespace can be made in a chroot, but be joined.
void plan_mount_copy(Draft& draft, int after, bool may_be_in_chroot);
bool mounts_cgroups(const oci::Config& config);
bool has_cgroup_of(const Host& host, int version);
// The first mount before which init must have entered its cgroup: of type cgroup, or with files
// that are copied into a tmpfs. The number of mounts, if there is none.
std::size_t first_mount_in_cgroup(const oci::Config& config);

}  // namespace tare::runtime
