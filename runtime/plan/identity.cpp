// SPDX-License-Identifier: Apache-2.0
//
// Who init is to the kernel before it mounts anything: id maps, session, keyring, names, cgroup.
#include <algorithm>
#include <optional>
#include <string>

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

void plan_mappings(Draft& draft) {
  const int init_exists = draft.last(Actor::stage);  // the host itself cloned init if there is none
  if (draft.is_new(NamespaceType::user)) {
    draft.mapped = draft.add(Actor::host, "/linux/uidMappings",
                             step::WriteMappings{map_lines(draft.linux_.uidMappings),
                                                 map_lines(draft.linux_.gidMappings)},
                             init_exists);
  }
  if (draft.process.oomScoreAdj) {
    draft.add(Actor::host, "/process/oomScoreAdj", step::OomScoreAdj{*draft.process.oomScoreAdj},
              init_exists);
  }
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
  // Root of the host owns it already.
  if (uid && *uid != 0) draft.add(Actor::host, "/linux/namespaces", step::DelegateCgroup{*uid});
}

}  // namespace

Result<void> plan_limits(Draft& draft) {
  if (draft.host.cgroup.empty()) return {};
  const oci::Resources none;
  const oci::Resources& resources = draft.linux_.resources ? *draft.linux_.resources : none;
  auto limits = TRY(cgroups::writes(resources, draft.host.cgroup));
  draft.take("/linux/cgroupsPath",
             step::MakeCgroup{draft.host.cgroup, limits, draft.host.rootless});
  if (!limits.empty()) {
    draft.add(Actor::host, "/linux/resources", step::LimitCgroup{std::move(limits)});
  }
  const int restricted = draft.add(
      Actor::host, "/linux/resources/devices",
      step::RestrictDevices{resources.devices, draft.host.rootless || draft.in_user_namespace()});
  if (has_v1_devices(draft.host)) draft.devices_set = restricted;
  plan_delegation(draft);
  return {};
}

void plan_early_identity(Draft& draft) {
  draft.add(Actor::init, "", step::NewSession{});
  if (!draft.options.no_new_keyring) {
    draft.add(Actor::init, "", step::SessionKeyring{"_ses." + draft.options.id});
  }
  if (draft.is_new(NamespaceType::network)) {
    draft.add(Actor::init, "/linux/namespaces", step::LoopbackUp{});
  }
  if (!draft.config.hostname.empty()) {
    draft.add(Actor::init, "/hostname", step::SetHostname{draft.config.hostname});
  }
  if (!draft.config.domainname.empty()) {
    draft.add(Actor::init, "/domainname", step::SetDomainname{draft.config.domainname});
  }
}

void plan_namespace_root(Draft& draft) {
  if (draft.in_user_namespace()) {
    draft.add(Actor::init, "/linux/namespaces", step::BecomeRoot{true}, draft.mapped);
  }
}

void plan_cgroup_entry(Draft& draft) {
  if (!draft.host.cgroup.empty()) {
    draft.add(Actor::init, "/linux/cgroupsPath", step::EnterCgroup{}, draft.devices_set);
  }
  if (draft.is_new(NamespaceType::cgroup)) {
    draft.add(Actor::init, "/linux/namespaces", step::NewCgroupNamespace{});
  }
  draft.add(Actor::init, "", step::AllCpus{});
}

}  // namespace tare::runtime
