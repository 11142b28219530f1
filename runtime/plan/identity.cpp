// SPDX-License-Identifier: Apache-2.0
//
// Who init is to the kernel before it mounts anything: id maps, session, keyring, names, cgroup.
#include <linux/capability.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "cgroups/devices.h"
#include "oci/annotations.h"
#include "runtime/plan/draft.h"

namespace tare::runtime {

using oci::NamespaceType;

std::string map_lines(const std::vector<oci::IDMapping>& mappings) {
  std::string lines;
  for (const auto& mapping : mappings) {
    lines += std::to_string(mapping.containerID) + " " + std::to_string(mapping.hostID) + " " +
             std::to_string(mapping.size) + "\n";
  }
  return lines;
}

namespace {

bool is_only(const std::vector<oci::IDMapping>& mappings, std::uint32_t id) {
  return mappings.size() == 1 && mappings.front().size == 1 && mappings.front().hostID == id;
}

// user_namespaces(7), "Defining user and group ID mappings".
step::WriteMappings mappings_of(const Draft& draft) {
  using step::MapWriter;
  const Host& host = draft.host;
  step::WriteMappings write{map_lines(draft.linux_.uidMappings),
                            map_lines(draft.linux_.gidMappings)};
  const bool own_uid = is_only(draft.linux_.uidMappings, host.uid);
  const bool own_gid = is_only(draft.linux_.gidMappings, host.gid);
  if (!host.holds(CAP_SETUID) && !own_uid) write.uids = MapWriter::helper;
  if (!host.holds(CAP_SETGID) && !own_gid) write.gids = MapWriter::helper;
  write.deny_groups = !host.holds(CAP_SETGID) && own_gid;
  return write;
}

// config.md, "User": the groups are the process's; nobody may set any where setgroups(2) is denied,
// as a group that takes a permission away could be left by it.
Result<void> check_groups(const Draft& draft, bool denied_by_map) {
  if (draft.process.user.additionalGids.empty()) return {};
  if (oci::is_on(draft.config.annotations, oci::annotation::keep_groups)) return {};
  if (!denied_by_map && !draft.host.groups_are_denied) return {};
  return Error::config("/process/user/additionalGids",
                       "setgroups(2) is denied in this user namespace: no groups can be set")
      .with_hint(denied_by_map ? "map a range of groups, which subgid(5) gives" : "");
}

}  // namespace

Result<void> plan_mappings(Draft& draft) {
  const int init_exists = draft.last(Actor::stage);  // the host itself cloned init if there is none
  if (draft.process.oomScoreAdj) {
    draft.mapped = draft.add<Actor::host>(
        "/process/oomScoreAdj", step::OomScoreAdj{*draft.process.oomScoreAdj}, init_exists);
  }
  if (!draft.is_new(NamespaceType::user)) return check_groups(draft, false);
  auto write = mappings_of(draft);
  TRY(check_groups(draft, write.deny_groups));
  draft.plan.mapped_by_user = draft.unprivileged();
  draft.mapped = draft.add<Actor::host>("/linux/uidMappings", std::move(write), init_exists);
  return {};
}

namespace {

// Rules of v1 take many writes, the first of which denies all; a v2 program is in force at once.
bool has_v1_devices(const Host& host) {
  return std::any_of(host.cgroup.begin(), host.cgroup.end(), [](const auto& directory) {
    return directory.version == 1 && std::ranges::count(directory.controllers, "devices") != 0;
  });
}

bool mounts_writable_cgroup(const oci::Config& config) {
  return std::any_of(config.mounts.begin(), config.mounts.end(), [](const oci::Mount& mount) {
    return (mount.type == "cgroup" || mount.type == "cgroup2") &&
           mount.destination == "/sys/fs/cgroup" && std::ranges::count(mount.options, "ro") == 0;
  });
}

// Who the process is on the host; nobody says so for a user namespace that is joined.
std::optional<std::uint32_t> host_uid_of_process(const Draft& draft) {
  const std::uint32_t uid = draft.process.user.uid;
  if (!draft.in_user_namespace()) return uid;
  for (const auto& mapping : draft.linux_.uidMappings) {
    if (uid < mapping.containerID || uid - mapping.containerID >= mapping.size) continue;
    return mapping.hostID + (uid - mapping.containerID);
  }
  return std::nullopt;
}

void plan_delegation(Draft& draft) {
  if (!draft.host.cgroup_v2 || !draft.is_new(NamespaceType::cgroup)) return;
  if (!mounts_writable_cgroup(draft.config)) return;
  const auto uid = host_uid_of_process(draft);
  // Who makes it owns it already, and only root can give it away.
  if (!uid || *uid == draft.host.uid || !draft.host.holds(CAP_CHOWN)) return;
  const std::string* below =
      oci::find_annotation(draft.config.annotations, oci::annotation::delegated_cgroup);
  draft.add<Actor::host>("/linux/namespaces",
                         step::DelegateCgroup{*uid, below != nullptr ? *below : ""});
}

std::string pointer_to(std::string_view annotation) {
  return "/annotations/" + std::string(annotation);
}

Result<void> check_division(const Draft& draft) {
  constexpr std::string_view annotation = oci::annotation::delegated_cgroup;
  if (oci::find_annotation(draft.config.annotations, annotation) == nullptr) return {};
  if (!draft.host.cgroup.empty() && draft.host.cgroup_v2) return {};
  return Error::unsupported(pointer_to(annotation),
                            draft.host.cgroup.empty()
                                ? "the container has no cgroup that could be divided"
                                : "delegation of a cgroup is not safe in cgroup v1");
}

// When init has made its cgroup namespace: the root of that is the cgroup with the limits.
void plan_division(Draft& draft) {
  constexpr std::string_view annotation = oci::annotation::delegated_cgroup;
  const std::string* name = oci::find_annotation(draft.config.annotations, annotation);
  if (name == nullptr) return;
  const int init_is_there = draft.last(Actor::init);
  draft.init_waits_for =
      draft.add<Actor::host>(pointer_to(annotation), step::DivideCgroup{*name}, init_is_there);
  plan_delegation(draft);
}

bool may_go_without_device_rules(const Draft& draft) {
  return draft.host.rootless || draft.without_host_privilege();
}

// Init must be there before systemd can put it into a scope.
Result<void> plan_scope(Draft& draft, const oci::Resources& resources,
                        const std::vector<cgroups::Write>& limits) {
  step::StartScope start{*draft.host.scope, {}, draft.host.cgroup, limits};
  start.properties = cgroups::scope_properties(start.scope, draft.options.id);
  const auto add = [&](std::vector<cgroups::Property> more) {
    start.properties.insert(start.properties.end(), std::make_move_iterator(more.begin()),
                            std::make_move_iterator(more.end()));
  };
  add(cgroups::limit_properties(limits));
  if (!start.scope.of_user) {
    add(cgroups::device_properties(TRY(cgroups::device_rules(resources.devices))));
  }
  // Last, so that they win.
  add(TRY(cgroups::annotated_properties(draft.config.annotations)));
  draft.scope_started =
      draft.add<Actor::host>("/linux/cgroupsPath", std::move(start), draft.last(Actor::stage));
  return {};
}

}  // namespace

Result<void> plan_limits(Draft& draft) {
  TRY(check_division(draft));
  if (draft.host.cgroup.empty()) return {};
  const oci::Resources none;
  const oci::Resources& resources = draft.linux_.resources ? *draft.linux_.resources : none;
  auto limits = TRY(cgroups::writes(resources, draft.host.cgroup));
  if (draft.host.scope) {
    TRY(plan_scope(draft, resources, limits));
  } else {
    draft.take("/linux/cgroupsPath",
               step::MakeCgroup{draft.host.cgroup, limits, draft.host.rootless});
  }
  if (!limits.empty()) {
    draft.add<Actor::host>("/linux/resources", step::LimitCgroup{std::move(limits)});
  }
  const int restricted = draft.add<Actor::host>(
      "/linux/resources/devices",
      step::RestrictDevices{resources.devices, may_go_without_device_rules(draft)});
  if (has_v1_devices(draft.host)) draft.devices_set = restricted;
  if (oci::find_annotation(draft.config.annotations, oci::annotation::delegated_cgroup) ==
      nullptr) {
    plan_delegation(draft);
  }
  return {};
}

void plan_session_keyring(Draft& draft) {
  if (draft.options.no_new_keyring) return;
  draft.add<Actor::init>(
      "", step::SessionKeyring{"_ses." + draft.options.id, draft.process.selinuxLabel});
}

void plan_early_identity(Draft& draft) {
  if (!appears_late(draft)) draft.add<Actor::init>("", step::NewSession{});
  plan_session_keyring(draft);
  if (draft.is_new(NamespaceType::network)) {
    draft.add<Actor::init>("/linux/namespaces", step::LoopbackUp{});
  }
  if (!draft.config.hostname.empty()) {
    draft.add<Actor::init>("/hostname", step::SetHostname{draft.config.hostname});
  }
  if (!draft.config.domainname.empty()) {
    draft.add<Actor::init>("/domainname", step::SetDomainname{draft.config.domainname});
  }
}

void plan_namespace_root(Draft& draft) {
  const bool keep = oci::is_on(draft.config.annotations, oci::annotation::keep_groups);
  if (draft.in_user_namespace()) {
    draft.add<Actor::init>("/linux/namespaces", step::BecomeRoot{!keep}, draft.mapped);
  }
}

void plan_cgroup_entry(Draft& draft) {
  if (draft.scope_started != no_step) {
    draft.init_waits_for = draft.scope_started;
  } else if (!draft.host.cgroup.empty()) {
    draft.add<Actor::init>("/linux/cgroupsPath", step::EnterCgroup{}, draft.devices_set);
  }
  if (draft.is_new(NamespaceType::cgroup)) {
    draft.add<Actor::init>("/linux/namespaces", step::NewCgroupNamespace{});
  }
  plan_division(draft);
  draft.add<Actor::init>("", step::AllCpus{});
}

}  // namespace tare::runtime
