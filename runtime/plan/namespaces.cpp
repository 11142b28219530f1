// SPDX-License-Identifier: Apache-2.0
//
// Which namespaces init is born into, which it joins, and which process joins them
// (config-linux.md, "Namespaces").
#include <linux/sched.h>

#include <algorithm>
#include <array>
#include <string>

#include "oci/config/sysctl.h"
#include "runtime/plan/draft.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

using oci::NamespaceType;

namespace {

// Time offsets can be written only before the first process is in the namespace, so init itself
// cannot create it.
bool has_time_offsets(const Draft& draft) {
  return draft.is_new(NamespaceType::time) && !draft.linux_.timeOffsets.empty();
}

bool joins_any(const Draft& draft) {
  for (const auto& entry : draft.linux_.namespaces) {
    if (!entry.path.empty()) return true;
  }
  return false;
}

// Joining a time namespace affects only children. In a user namespace, new or joined, init could no
// longer join namespaces that the host owns. In these cases a stage joins and clones init.
bool joins_by_stage(const Draft& draft) {
  return draft.is_joined(NamespaceType::time) || has_time_offsets(draft) ||
         (draft.in_user_namespace() && joins_any(draft));
}

// These steps need init's pid, or run as its children, before init can fork.
bool has_create_hooks(const oci::Config& config) {
  return config.hooks && !(config.hooks->prestart.empty() && config.hooks->createRuntime.empty() &&
                           config.hooks->createContainer.empty());
}

// The cgroup has room for only one process, so init cannot fork in it.
bool is_alone(const oci::Linux& config) {
  return config.resources && config.resources->pids && config.resources->pids->limit == 1;
}

// A procfs shows the pid namespace of the process that opens it, unless the kernel accepts another.
bool opens_procfs_inside(const Draft& draft) {
  const auto is_procfs = [](const oci::Mount& mount) { return mount.type == "proc"; };
  return !draft.host.takes_pids_of_procfs && std::ranges::any_of(draft.config.mounts, is_procfs);
}

// Init joins all others itself, without another process.
bool needs_stage(const Draft& draft) {
  return joins_by_stage(draft) || (draft.is_joined(NamespaceType::pid) && !appears_late(draft));
}

// Whether the config changes something in its namespace of this kind. Then the namespace must not
// be the host's, whatever path names it.
bool changes(const Draft& draft, NamespaceType type) {
  const oci::Config& config = draft.config;
  const bool sets_names = !config.hostname.empty() || !config.domainname.empty();
  if (type == NamespaceType::uts && sets_names) return true;
  if (type == NamespaceType::network && !draft.linux_.netDevices.empty()) return true;
  if (type == NamespaceType::mount && attaches_root(draft)) return true;
  return std::ranges::any_of(draft.linux_.sysctl, [&](const auto& entry) {
    return oci::namespace_of_sysctl(entry.first) == type;
  });
}

// There are no mounts of the host in a mount namespace that is joined: init is born with a copy of
// them, and joins when the trees are taken from it.
bool joins_from_copy(const Draft& draft, NamespaceType type) {
  return type == NamespaceType::mount && draft.is_joined(type) &&
         draft.trees_by() == TreesBy::host_in_copy;
}

// Opens all before it joins any, because after the first join a path may lead elsewhere.
void plan_joins(Draft& draft, Actor actor) {
  const auto& namespaces = draft.linux_.namespaces;
  const auto join = [&](std::size_t i) {
    const auto& entry = namespaces[i];
    const std::string origin = pointer("/linux/namespaces", i);
    const Slot slot =
        draft.take_namespace(origin, entry.type, entry.path, changes(draft, entry.type));
    if (entry.type == NamespaceType::network) draft.joined_network = slot;
    if (entry.type == NamespaceType::pid) draft.joined_pids = slot;
    if (entry.type == NamespaceType::user) draft.joined_users = slot;
    const step::JoinNamespace step{entry.type, entry.path, slot};
    if (joins_from_copy(draft, entry.type)) {
      draft.joins_mounts = Step{Actor::init, origin, no_step, step};
    } else {
      draft.add_for(actor, origin, step);
    }
  };
  const auto join_all = [&](bool user) {
    for (std::size_t i = 0; i < namespaces.size(); ++i) {
      const bool is_user = namespaces[i].type == NamespaceType::user;
      if (!namespaces[i].path.empty() && is_user == user) join(i);
    }
  };
  // The user namespace is last, because joining it ends the host's privileges over the others. An
  // unprivileged user gains privileges there, so it is first.
  join_all(draft.unprivileged());
  join_all(!draft.unprivileged());
}

// Without privileges the stage can do its work only in the new user namespace.
bool user_namespace_of_stage(const Draft& draft) {
  return draft.unprivileged() && draft.is_new(NamespaceType::user) && needs_stage(draft);
}

std::uint64_t new_namespace_flags(const Draft& draft) {
  std::uint64_t flags = 0;
  for (const auto& entry : draft.linux_.namespaces) {
    // The root of a cgroup namespace is the cgroup of its creator, so init creates it later, in its
    // cgroup.
    if (entry.path.empty() && entry.type != NamespaceType::cgroup) flags |= clone_flag(entry.type);
  }
  if (joins_from_copy(draft, NamespaceType::mount)) flags |= CLONE_NEWNS;
  if (has_time_offsets(draft)) flags &= ~std::uint64_t{CLONE_NEWTIME};
  if (user_namespace_of_stage(draft)) flags &= ~std::uint64_t{CLONE_NEWUSER};
  return flags;
}

std::string time_offsets(const Draft& draft) {
  std::string text;
  for (const auto& [clock, offset] : draft.linux_.timeOffsets) {
    text +=
        clock + " " + std::to_string(offset.secs) + " " + std::to_string(offset.nanosecs) + "\n";
  }
  return text;
}

}  // namespace

bool appears_late(const Draft& draft) {
  return draft.is_joined(NamespaceType::pid) && !joins_by_stage(draft) &&
         !has_create_hooks(draft.config) && !is_alone(draft.linux_) && !opens_procfs_inside(draft);
}

Result<void> plan_namespaces(Draft& draft) {
  if (draft.unprivileged() && !draft.in_user_namespace()) {
    return Error::config("/linux/namespaces", "an ordinary user needs a user namespace")
        .with_hint("`tare spec --rootless` writes a config with one; CAP_SYS_ADMIN does without");
  }
  const bool stage = needs_stage(draft);
  if (stage) {
    const std::uint64_t user = user_namespace_of_stage(draft) ? CLONE_NEWUSER : 0;
    draft.add<Actor::host>("", step::CloneStage{user});
    plan_joins(draft, Actor::stage);
    if (has_time_offsets(draft)) {
      draft.add<Actor::stage>("/linux/timeOffsets", step::TimeOffsets{time_offsets(draft)});
    }
  }
  step::CloneInit clone{new_namespace_flags(draft), stage, has_cgroup_of(draft.host, 2)};
  draft.add_for(stage ? Actor::stage : Actor::host, "/linux/namespaces", clone);
  if (!stage) plan_joins(draft, Actor::init);
  return {};
}

}  // namespace tare::runtime
