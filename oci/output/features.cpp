// SPDX-License-Identifier: Apache-2.0
#include "oci/output/features.h"

#include <algorithm>

#include "oci/json/codec.h"
#include "oci/version.h"

namespace tare::oci {

namespace {

using Strings = std::vector<std::string>;

struct CgroupFeatures {
  bool v1, v2, systemd, systemdUser, rdma;
};

struct SeccompFeatures {
  bool enabled;
  Strings actions, operators, archs, knownFlags, supportedFlags;
};

struct Switch {
  bool enabled;
};

struct MemoryPolicyFeatures {
  Strings modes, flags;
};

struct IntelRdtFeatures {
  bool enabled, schemata, monitoring;
};

struct MountExtensions {
  Switch idmap;
};

struct LinuxFeatures {
  Strings namespaces, capabilities;
  CgroupFeatures cgroup;
  SeccompFeatures seccomp;
  Switch apparmor, selinux;
  std::optional<MemoryPolicyFeatures> memoryPolicy;
  IntelRdtFeatures intelRdt;
  MountExtensions mountExtensions;
  Switch netDevices;
};

struct Features {
  std::string ociVersionMin, ociVersionMax;
  Strings hooks, mountOptions;
  LinuxFeatures linux_;
  Annotations annotations;
  Strings potentiallyUnsafeConfigAnnotations;
};

}  // namespace

// An empty list is written too, because null and absent mean "unknown" (features.md).

constexpr auto fields(Of<CgroupFeatures>) {
  return Table{
      Field<&CgroupFeatures::v1>{"v1", Presence::always},
      Field<&CgroupFeatures::v2>{"v2", Presence::always},
      Field<&CgroupFeatures::systemd>{"systemd", Presence::always},
      Field<&CgroupFeatures::systemdUser>{"systemdUser", Presence::always},
      Field<&CgroupFeatures::rdma>{"rdma", Presence::always},
  };
}

constexpr auto fields(Of<SeccompFeatures>) {
  return Table{
      Field<&SeccompFeatures::enabled>{"enabled", Presence::always},
      Field<&SeccompFeatures::actions>{"actions"},
      Field<&SeccompFeatures::operators>{"operators"},
      Field<&SeccompFeatures::archs>{"archs"},
      Field<&SeccompFeatures::knownFlags>{"knownFlags"},
      Field<&SeccompFeatures::supportedFlags>{"supportedFlags"},
  };
}

constexpr auto fields(Of<Switch>) {
  return Table{
      Field<&Switch::enabled>{"enabled", Presence::always},
  };
}

constexpr auto fields(Of<MemoryPolicyFeatures>) {
  return Table{
      Field<&MemoryPolicyFeatures::modes>{"modes", Presence::always},
      Field<&MemoryPolicyFeatures::flags>{"flags", Presence::always},
  };
}

constexpr auto fields(Of<IntelRdtFeatures>) {
  return Table{
      Field<&IntelRdtFeatures::enabled>{"enabled", Presence::always},
      Field<&IntelRdtFeatures::schemata>{"schemata", Presence::always},
      Field<&IntelRdtFeatures::monitoring>{"monitoring", Presence::always},
  };
}

constexpr auto fields(Of<MountExtensions>) {
  return Table{
      Field<&MountExtensions::idmap>{"idmap", Presence::always},
  };
}

constexpr auto fields(Of<LinuxFeatures>) {
  return Table{
      Field<&LinuxFeatures::namespaces>{"namespaces", Presence::always},
      Field<&LinuxFeatures::capabilities>{"capabilities", Presence::always},
      Field<&LinuxFeatures::cgroup>{"cgroup", Presence::always},
      Field<&LinuxFeatures::seccomp>{"seccomp", Presence::always},
      Field<&LinuxFeatures::apparmor>{"apparmor", Presence::always},
      Field<&LinuxFeatures::selinux>{"selinux", Presence::always},
      Field<&LinuxFeatures::memoryPolicy>{"memoryPolicy"},
      Field<&LinuxFeatures::intelRdt>{"intelRdt", Presence::always},
      Field<&LinuxFeatures::mountExtensions>{"mountExtensions", Presence::always},
      Field<&LinuxFeatures::netDevices>{"netDevices", Presence::always},
  };
}

constexpr auto fields(Of<Features>) {
  return Table{
      Field<&Features::ociVersionMin>{"ociVersionMin", Presence::always},
      Field<&Features::ociVersionMax>{"ociVersionMax", Presence::always},
      Field<&Features::hooks>{"hooks", Presence::always},
      Field<&Features::mountOptions>{"mountOptions", Presence::always},
      Field<&Features::linux_>{"linux", Presence::always},
      Field<&Features::annotations>{"annotations", Presence::always},
      Field<&Features::potentiallyUnsafeConfigAnnotations>{"potentiallyUnsafeConfigAnnotations",
                                                           Presence::always},
  };
}

namespace {

Strings sorted(Strings names) {
  std::sort(names.begin(), names.end());
  return names;
}

template <class E>
Strings names_of() {
  Strings names;
  for (const auto& entry : Names<E>::table) names.emplace_back(entry.name);
  return names;
}

// A notification needs a listener: tare supports both or none.
constexpr bool has_listener = carried_out<Seccomp, &Seccomp::listenerPath>();

Strings without(Strings names, std::string_view name, bool keep) {
  if (!keep) std::erase(names, name);
  return names;
}

SeccompFeatures seccomp_features(bool enabled) {
  SeccompFeatures seccomp{};
  seccomp.enabled = enabled;
  if (!enabled) return seccomp;
  seccomp.actions =
      sorted(without(names_of<SeccompAction>(), name_of(SeccompAction::NOTIFY), has_listener));
  seccomp.operators = sorted(names_of<SeccompOperator>());
  seccomp.archs = sorted(names_of<SeccompArch>());
  seccomp.knownFlags = names_of<SeccompFlag>();
  seccomp.supportedFlags =
      without(seccomp.knownFlags, name_of(SeccompFlag::WAIT_KILLABLE_RECV), has_listener);
  return seccomp;
}

LinuxFeatures linux_features(const FeatureFacts& facts) {
  LinuxFeatures features{};
  features.namespaces = sorted(names_of<NamespaceType>());
  features.capabilities = facts.capabilities;
  features.cgroup = {facts.cgroup_v1, facts.cgroup_v2, facts.systemd, facts.systemd_user,
                     facts.rdma};
  features.seccomp = seccomp_features(facts.seccomp);
  features.apparmor.enabled = carried_out<Process, &Process::apparmorProfile>();
  features.selinux.enabled = carried_out<Process, &Process::selinuxLabel>();
  if (carried_out<Linux, &Linux::memoryPolicy>()) {
    features.memoryPolicy = {names_of<MemoryPolicyMode>(), names_of<MemoryPolicyFlag>()};
  }
  constexpr bool rdt = carried_out<Linux, &Linux::intelRdt>();
  features.intelRdt = {rdt, rdt && carried_out<IntelRdt, &IntelRdt::schemata>(),
                       rdt && carried_out<IntelRdt, &IntelRdt::enableMonitoring>()};
  features.mountExtensions.idmap.enabled = carried_out<Mount, &Mount::uidMappings>();
  features.netDevices.enabled = carried_out<Linux, &Linux::netDevices>();
  return features;
}

Strings hook_names() {
  Strings names;
  for_each_row(fields(Of<Hooks>{}), [&](const auto& field) { names.emplace_back(field.name); });
  return names;
}

}  // namespace

std::string features_json(const FeatureFacts& facts) {
  Features features;
  features.ociVersionMin = oldest_spec_version;
  features.ociVersionMax = newest_spec_version;
  features.hooks = hook_names();
  features.mountOptions = sorted(facts.mount_options);
  features.linux_ = linux_features(facts);
  features.annotations = facts.annotations;
  features.potentiallyUnsafeConfigAnnotations = facts.unsafe_annotations;
  return indented(encode_document(features), ' ', 4) + '\n';
}

}  // namespace tare::oci
