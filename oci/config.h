// SPDX-License-Identifier: Apache-2.0
//
// The container configuration of runtime-spec 1.3 (config.md, config-linux.md), as types.
//
// Each noun of the specification has a pair of files in oci/config/: its structs, each followed by
// its field table (oci/json/fields.h), and its rules (oci/config/rules.h).
//
// Names are exactly those of the specification (only `class` has an underscore). A property whose
// absence differs from its zero value is a std::optional; an absent string or list is empty. Plain
// data: no pointers, no behaviour. Decoded documents (oci/document.h) are in normal form.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oci/config/devices.h"
#include "oci/config/hooks.h"
#include "oci/config/id_mappings.h"
#include "oci/config/intel_rdt.h"
#include "oci/config/memory_policy.h"
#include "oci/config/mounts.h"
#include "oci/config/namespaces.h"
#include "oci/config/net_devices.h"
#include "oci/config/personality.h"
#include "oci/config/process.h"
#include "oci/config/resources.h"
#include "oci/config/rootfs.h"
#include "oci/config/seccomp.h"
#include "oci/json/fields.h"

namespace tare::oci {

using Annotations = std::map<std::string, std::string>;

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<IDMapping> uidMappings;
  std::vector<IDMapping> gidMappings;
  std::map<std::string, TimeOffset> timeOffsets;  // "monotonic", "boottime"
  std::vector<Device> devices;
  std::map<std::string, NetDevice> netDevices;  // by name on the host
  std::string cgroupsPath;
  std::optional<Resources> resources;
  std::optional<IntelRdt> intelRdt;
  std::optional<MemoryPolicy> memoryPolicy;
  std::map<std::string, std::string> sysctl;
  std::optional<Seccomp> seccomp;
  std::optional<RootfsPropagation> rootfsPropagation;  // "rshared" etc. mean the same
  std::vector<std::string> maskedPaths;
  std::vector<std::string> readonlyPaths;
  std::string mountLabel;
  std::optional<Personality> personality;
};

constexpr auto fields(Of<Linux>) {
  return Table{
      Field<&Linux::uidMappings>{"uidMappings"},
      Field<&Linux::gidMappings>{"gidMappings"},
      Field<&Linux::sysctl>{"sysctl"},
      Field<&Linux::resources>{"resources"},
      Field<&Linux::cgroupsPath>{"cgroupsPath"},
      Field<&Linux::namespaces>{"namespaces"},
      Field<&Linux::devices>{"devices"},
      Field<&Linux::netDevices>{"netDevices"},
      Field<&Linux::seccomp>{"seccomp"},
      Field<&Linux::rootfsPropagation>{"rootfsPropagation"},
      Field<&Linux::maskedPaths>{"maskedPaths"},
      Field<&Linux::readonlyPaths>{"readonlyPaths"},
      Field<&Linux::mountLabel>{"mountLabel"},
      Field<&Linux::intelRdt>{"intelRdt"},
      Field<&Linux::memoryPolicy>{"memoryPolicy"},
      Field<&Linux::personality>{"personality"},
      Field<&Linux::timeOffsets>{"timeOffsets"},
  };
}

struct Config {
  std::string ociVersion;
  std::optional<Process> process;
  std::optional<Root> root;
  std::string hostname;
  std::string domainname;
  std::vector<Mount> mounts;
  std::optional<Hooks> hooks;
  Annotations annotations;
  std::optional<Linux> linux_;  // GNU C++ defines `linux` as 1 outside strict mode
};

constexpr auto fields(Of<Config>) {
  return Table{
      Field<&Config::ociVersion>{"ociVersion", Presence::required},
      Field<&Config::process>{"process"},
      Field<&Config::root>{"root"},
      Field<&Config::hostname>{"hostname"},
      Field<&Config::domainname>{"domainname"},
      Field<&Config::mounts>{"mounts"},
      Field<&Config::hooks>{"hooks"},
      Field<&Config::annotations>{"annotations"},
      Field<&Config::linux_>{"linux"},
  };
}

// The config's namespace of this type, or null.
inline const Namespace* find_namespace(const Config& config, NamespaceType type) {
  return config.linux_ ? find_namespace(config.linux_->namespaces, type) : nullptr;
}

// Converts values with several spellings to one, so that rules, planners and tables need to know
// only that one. Destinations of mounts become absolute and clean, and so do masked and read-only
// paths and device paths, unless they are relative, which is refused.
void bring_into_normal_form(Config& config);

}  // namespace tare::oci
