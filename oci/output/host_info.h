// SPDX-License-Identifier: Apache-2.0
//
// What a host supports, as `tare info` prints it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tare::oci {

struct Ability {
  bool works = false;
  std::string detail;  // the kernel's answer, or the value
};
using Abilities = std::map<std::string, Ability>;

struct HierarchyInfo {
  int version = 2;
  std::string mount;
  std::vector<std::string> controllers;
  std::string own;           // tare's own cgroup below `mount`
  bool mayMakeHere = false;  // beside (v2) or below (v1) its own cgroup
  bool favordynmods = false;
};

struct CgroupInfo {
  std::string layout;  // "v1", "v2", "hybrid" or "none"
  std::vector<HierarchyInfo> hierarchies;
};

struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct RootlessInfo {
  std::uint32_t uid = 0;  // the caller's
  std::vector<IdRange> subordinateUids;
  std::vector<IdRange> subordinateGids;
  Ability newuidmap;
  Ability newgidmap;
};

struct HostInfo {
  std::string kernel;   // uname(2) release
  std::string machine;  // uname(2) machine
  Abilities features;
  Abilities namespaces;      // kinds that can be created
  Abilities idmappedMounts;  // by type of a mounted file system
  CgroupInfo cgroups;
  std::vector<std::string> securityModules;
  RootlessInfo rootless;
  Ability systemd;      // the host's bus
  Ability userSystemd;  // the caller's own
};

// Indented by two spaces, with a newline at the end; all members are present.
std::string encode_host_info(const HostInfo& info);

}  // namespace tare::oci
