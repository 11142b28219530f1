// SPDX-License-Identifier: Apache-2.0
#include "oci/host_info.h"

#include "oci/json/codec.h"

namespace tare::oci {

template <>
struct Fields<Ability> {
  static constexpr std::tuple table{
      Field<&Ability::works>{"works", Presence::always},
      Field<&Ability::detail>{"detail", Presence::always},
  };
};

template <>
struct Fields<HierarchyInfo> {
  static constexpr std::tuple table{
      Field<&HierarchyInfo::version>{"version", Presence::always},
      Field<&HierarchyInfo::mount>{"mount", Presence::always},
      Field<&HierarchyInfo::controllers>{"controllers", Presence::always},
      Field<&HierarchyInfo::own>{"own", Presence::always},
      Field<&HierarchyInfo::mayMakeHere>{"mayMakeHere", Presence::always},
      Field<&HierarchyInfo::favordynmods>{"favordynmods", Presence::always},
  };
};

template <>
struct Fields<CgroupInfo> {
  static constexpr std::tuple table{
      Field<&CgroupInfo::layout>{"layout", Presence::always},
      Field<&CgroupInfo::hierarchies>{"hierarchies", Presence::always},
  };
};

template <>
struct Fields<IdRange> {
  static constexpr std::tuple table{
      Field<&IdRange::first>{"first", Presence::always},
      Field<&IdRange::count>{"count", Presence::always},
  };
};

template <>
struct Fields<RootlessInfo> {
  static constexpr std::tuple table{
      Field<&RootlessInfo::uid>{"uid", Presence::always},
      Field<&RootlessInfo::subordinateUids>{"subordinateUids", Presence::always},
      Field<&RootlessInfo::subordinateGids>{"subordinateGids", Presence::always},
      Field<&RootlessInfo::newuidmap>{"newuidmap", Presence::always},
      Field<&RootlessInfo::newgidmap>{"newgidmap", Presence::always},
  };
};

template <>
struct Fields<HostInfo> {
  static constexpr std::tuple table{
      Field<&HostInfo::kernel>{"kernel", Presence::always},
      Field<&HostInfo::machine>{"machine", Presence::always},
      Field<&HostInfo::features>{"features", Presence::always},
      Field<&HostInfo::namespaces>{"namespaces", Presence::always},
      Field<&HostInfo::idmappedMounts>{"idmappedMounts", Presence::always},
      Field<&HostInfo::cgroups>{"cgroups", Presence::always},
      Field<&HostInfo::securityModules>{"securityModules", Presence::always},
      Field<&HostInfo::rootless>{"rootless", Presence::always},
      Field<&HostInfo::systemd>{"systemd", Presence::always},
      Field<&HostInfo::userSystemd>{"userSystemd", Presence::always},
  };
};

std::string encode_host_info(const HostInfo& info) {
  return indented(encode_document(info), ' ', 2) + '\n';
}

}  // namespace tare::oci
