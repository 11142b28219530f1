// SPDX-License-Identifier: Apache-2.0
//
// The cgroup: created, limited, entered, divided.
#include <linux/capability.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/devices/devices.h"
#include "oci/annotations.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/visible.h"

namespace tare::runtime {

using oci::NamespaceType;

namespace {

// v1 rules need many writes, and the first one denies all; a v2 program takes effect at once.
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

// The process's uid on the host; unknown for a joined user namespace.
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
  // The creator already owns it, and only root can change the owner.
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

// After init has created its cgroup namespace, so that the root of the namespace is the cgroup with
// the limits.
void plan_division(Draft& draft) {
  constexpr std::string_view annotation = oci::annotation::delegated_cgroup;
  const std::string* name = oci::find_annotation(draft.config.annotations, annotation);
  if (name == nullptr) return;
  const int init_is_there = draft.last(Actor::init);
  draft.init_waits_for =
      draft.add<Actor::host>(pointer_to(annotation), step::DivideCgroup{*name}, init_is_there);
  plan_delegation(draft);
}

// A user namespace of the container is no reason: its devices are bind mounts of the host's.
bool may_go_without_device_rules(const Draft& draft) {
  return draft.host.rootless || draft.host.in_user_namespace || draft.unprivileged();
}

// systemd can put only an existing process into a scope.
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
  // Last, so that they take precedence.
  add(TRY(cgroups::annotated_properties(draft.config.annotations)));
  draft.scope_started =
      draft.add<Actor::host>("/linux/cgroupsPath", std::move(start), draft.last(Actor::stage));
  return {};
}

// A mount of the container whose source may be in its own cgroup, so that the host can take it only
// when that exists.
bool mounts_own_cgroup(const Draft& draft) {
  if (mounts_cgroups(draft.config) && !draft.is_new(NamespaceType::cgroup)) return true;
  const auto is_of_cgroups = [&](const oci::Mount& mount) {
    return is_at_or_below(mount.source, "/sys/fs/cgroup") ||
           std::ranges::any_of(draft.host.cgroup, [&](const cgroups::Directory& directory) {
             return is_at_or_below(mount.source, directory.mount);
           });
  };
  return std::ranges::any_of(draft.config.mounts, is_of_cgroups);
}

// clone3(2) needs the v2 directory. The many of v1 are made while init does the work for which it
// needs none.
void plan_making(Draft& draft, const std::vector<cgroups::Write>& limits) {
  const std::string origin = "/linux/cgroupsPath";
  step::MakeCgroup make{draft.host.cgroup, limits, draft.host.rootless};
  if (!has_cgroup_of(draft.host, 1) || mounts_own_cgroup(draft)) {
    return draft.take(origin, std::move(make));
  }
  if (has_cgroup_of(draft.host, 2)) {
    make.versions = cgroups::Versions::v2;
    draft.take(origin, make);
  }
  make.versions = cgroups::Versions::v1;
  draft.cgroup_made = draft.add<Actor::host>(origin, std::move(make));
}

}  // namespace

bool has_cgroup_of(const Host& host, int version) {
  return std::ranges::any_of(host.cgroup,
                             [&](const auto& directory) { return directory.version == version; });
}

Result<void> plan_limits(Draft& draft) {
  TRY(check_division(draft));
  if (draft.host.cgroup.empty()) return {};
  const oci::Resources none;
  const oci::Resources& resources = draft.linux_.resources ? *draft.linux_.resources : none;
  auto limits = TRY(cgroups::writes(resources, draft.host.cgroup));
  if (draft.host.scope) {
    TRY(plan_scope(draft, resources, limits));
  } else {
    plan_making(draft, limits);
  }
  if (!limits.empty()) {
    draft.add<Actor::host>("/linux/resources", step::LimitCgroup{std::move(limits)});
  }
  const int restricted = draft.add<Actor::host>(
      "/linux/resources/devices",
      step::RestrictDevices{resources.devices, may_go_without_device_rules(draft)});
  if (has_v1_devices(draft.host)) draft.cgroup_made = restricted;
  if (oci::find_annotation(draft.config.annotations, oci::annotation::delegated_cgroup) ==
      nullptr) {
    plan_delegation(draft);
  }
  return {};
}

void plan_cgroup_entry(Draft& draft) {
  if (draft.scope_started != no_step) {
    draft.init_waits_for = draft.scope_started;
  } else if (!draft.host.cgroup.empty()) {
    draft.add<Actor::init>("/linux/cgroupsPath", step::EnterCgroup{}, draft.cgroup_made);
  }
  if (draft.is_new(NamespaceType::cgroup)) {
    draft.add<Actor::init>("/linux/namespaces", step::NewCgroupNamespace{});
  }
  plan_division(draft);
  draft.add<Actor::init>("", step::AllCpus{});
}

}  // namespace tare::runtime
