// SPDX-License-Identifier: Apache-2.0
//
// A plan while it is written. The planners of the topics append to it in the order of plan.cpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

struct Draft {
  const oci::Config& config;
  const oci::Linux& linux_;  // the config's, or an empty one
  const oci::Process& process;
  const Host& host;
  const PlanOptions& options;
  Plan plan;                     // what options and host say; without steps until finish()
  int mapped = no_step;          // the last that the host does to init before BecomeRoot
  int scope_started = no_step;   // the step by which init is in its cgroup, if systemd makes that
  int devices_set = no_step;     // the step that writes the rules of the v1 devices controller
  int init_waits_for = no_step;  // the step of the host that init's next step waits for
  int trees_taken = no_step;     // where init takes the trees, if the host may not
  Slot joined_network = -1;      // the network namespace that init joins
  Slot joined_pids = -1;         // the pid namespace
  Slot joined_users = -1;        // the user namespace that it joins

  Draft(const oci::Config& config, const Host& host, const PlanOptions& options);

  // A step that the host takes before it clones anything; nothing can wait for it, nothing needs
  // to.
  template <class Kind>
  void take(std::string origin, Kind step) {
    static_assert(Kind::actors.contains(Actor::host), "the host does not perform this step");
    taken_.push_back(Step{Actor::host, std::move(origin), no_step, std::move(step)});
  }
  // A step of the launch; returns its number, for `after` of a later one.
  template <Actor actor, class Kind>
  int add(std::string origin, Kind step, int after = no_step) {
    static_assert(Kind::actors.contains(actor), "this actor does not perform this step");
    return append(actor, std::move(origin), std::move(step), after);
  }
  // The same, where the config decides who performs it.
  int add_for(Actor actor, std::string origin, Action action, int after = no_step);
  // The number that the next step will get.
  [[nodiscard]] int next() const { return static_cast<int>(steps_.size()); }
  // The last step of the actor so far, or no_step.
  [[nodiscard]] int last(Actor actor) const;

  // A tree or namespace that the host opens first: takes the step and returns its slot. A host that
  // may not clone mounts leaves the trees to init, which takes them all before it mounts any.
  Slot take_tree(std::string origin, step::OpenTree tree);
  // The same for what is made only after init: init takes it now.
  Slot take_tree_late(std::string origin, step::OpenTree tree);
  Slot take_namespace(std::string origin, oci::NamespaceType type, std::string path,
                      bool not_the_hosts);

  // How the config wants a namespace.
  [[nodiscard]] const oci::Namespace* find(oci::NamespaceType type) const;
  [[nodiscard]] bool is_new(oci::NamespaceType type) const;     // listed without a path
  [[nodiscard]] bool is_joined(oci::NamespaceType type) const;  // listed with a path
  [[nodiscard]] bool own_mounts() const { return find(oci::NamespaceType::mount) != nullptr; }
  // True if init ends up in another user namespace than tare's.
  [[nodiscard]] bool in_user_namespace() const { return find(oci::NamespaceType::user) != nullptr; }
  // True if it ends up in another one than the host's first: no device nodes, no privilege over
  // what the first one owns.
  [[nodiscard]] bool without_host_privilege() const {
    return in_user_namespace() || host.in_user_namespace;
  }
  // True for an ordinary user, who can do nothing before there is a user namespace.
  [[nodiscard]] bool unprivileged() const;

  Plan finish() &&;

 private:
  int append(Actor actor, std::string origin, Action action, int after);

  std::vector<Step> taken_;
  std::vector<Step> trees_;  // init's
  std::vector<Step> steps_;
};

// cpuset(7)'s list format, "0-3,7", a bit each. Validation has seen that it is well formed, and
// that its numbers are few.
std::vector<unsigned long> bit_mask(std::string_view list);
std::string pointer(std::string_view list, std::size_t index);  // ("/mounts", 3) → "/mounts/3"
std::string pointer(std::string_view map, const std::string& key);  // RFC 6901: "/" is "~1"

// The topics, in the order in which plan.cpp calls them.
Result<void> plan_namespaces(Draft& draft);  // stage, joins, the clone
Result<void> plan_mappings(Draft& draft);    // host: id maps, oom score
Result<void> plan_limits(Draft& draft);      // host: cgroup values and devices
void plan_early_identity(Draft& draft);      // session, keyring, loopback, host name
void plan_session_keyring(Draft& draft);     // the container's, also for a process that joins it
void plan_namespace_root(Draft& draft);      // root of a user namespace
void plan_host_mounts(Draft& draft);         // propagation, the root's tree, root of the namespace
Result<void> plan_mounts(Draft& draft);
void plan_mount_seals(Draft& draft);  // read-only tmpfs, when all beneath is made
// Validation has let only those few places in /proc through that may be covered.
bool is_in_proc(const InsidePath& path);
// Init joins a pid namespace in which others can see it: like a process that joins a container, it
// is there only at the end, when it has no more privileges than the container.
bool appears_late(const Draft& draft);
bool attaches_root(const Draft& draft);  // the root file system is mounted on itself
Result<void> plan_devices(Draft& draft);
// A directory of the host that is bound on /dev is the host's to fill: nothing is made in it. Of
// several mounts the last one is what the container sees there.
bool host_dev_is_bound(const oci::Config& config);
void plan_cgroup_entry(Draft& draft);  // into the cgroup and its namespace
void plan_resctrl(Draft& draft);       // a group of Intel RDT
void plan_net_devices(Draft& draft);   // moved in when all is mounted
void plan_create_hooks(Draft& draft);  // prestart, createRuntime, createContainer
void plan_protection(Draft& draft);    // sysctl, readonlyPaths, maskedPaths
// late: the session is made when init has appeared.
enum class Console { own, late, joined };
void plan_console(Draft& draft, Console which);  // terminal, HOME
void plan_enter_root(Draft& draft);              // late read-only flags, pivot_root
enum class Joins { nothing, container };
// What survives the stub's execve, and becoming it.
void plan_stub(Draft& draft, Joins joins);
// How the process comes to be in the container: it is the container's init, or joins it; then it is
// seen in a pid namespace when it forks into it.
enum class Appears { with_init, as_it_is, by_fork };
struct Appearance {
  Appears how = Appears::with_init;
  bool enters_full_cgroup = false;  // only then
};
// Everything else about the process, to its execve.
Result<void> plan_execution(Draft& draft, Appearance appearance);
bool mounts_cgroups(const oci::Config& config);
bool copies_up(const oci::Config& config);  // something into a tmpfs

}  // namespace tare::runtime
