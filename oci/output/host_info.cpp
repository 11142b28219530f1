// SPDX-License-Identifier: Apache-2.0
#include "oci/output/host_info.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<Ability>) {
  return Table{
      Field<&Ability::works>{"works", Presence::always},
      Field<&Ability::detail>{"detail", Presence::always},
  };
}

constexpr auto fields(Of<HierarchyInfo>) {
  return Table{
      Field<&HierarchyInfo::version>{"version", Presence::always},
      Field<&HierarchyInfo::mount>{"mount", Presence::always},
      Field<&HierarchyInfo::controllers>{"controllers", Presence::always},
      Field<&HierarchyInfo::own>{"own", Presence::always},
      Field<&HierarchyInfo::mayMakeHere>{"mayMakeHere", Presence::always},
      Field<&HierarchyInfo::favordynmods>{"favordynmods", Presence::always},
  };
}

constexpr auto fields(Of<CgroupInfo>) {
  return Table{
      Field<&CgroupInfo::layout>{"layout", Presence::always},
      Field<&CgroupInfo::hierarchies>{"hierarchies", Presence::always},
  };
}

constexpr auto fields(Of<IdRange>) {
  return Table{
      Field<&IdRange::first>{"first", Presence::always},
      Field<&IdRange::count>{"count", Presence::always},
  };
}

constexpr auto fields(Of<RootlessInfo>) {
  return Table{
      Field<&RootlessInfo::uid>{"uid", Presence::always},
      Field<&RootlessInfo::subordinateUids>{"subordinateUids", Presence::always},
      Field<&RootlessInfo::subordinateGids>{"subordinateGids", Presence::always},
      Field<&RootlessInfo::newuidmap>{"newuidmap", Presence::always},
      Field<&RootlessInfo::newgidmap>{"newgidmap", Presence::always},
  };
}

constexpr auto fields(Of<HostInfo>) {
  return Table{
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
}

std::string encode_host_info(const HostInfo& info) {
  return indented(encode_document(info), ' ', 2) + '\n';
}

}  // namespace tare::oci
