// SPDX-License-Identifier: Apache-2.0
//
// What works on a host, as `tare info` tells it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tare::oci {

struct Ability {
  bool works = false;
  std::string detail;  // what the kernel said, or what it is
};
using Abilities = std::map<std::string, Ability>;

struct HierarchyInfo {
  int version = 2;
  std::string mount;
  std::vector<std::string> controllers;
  std::string own;           // tare's own cgroup below `mount`
  bool mayMakeHere = false;  // beside (v2) or below (v1) the own one
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
  Abilities namespaces;      // of which a new one can be made
  Abilities idmappedMounts;  // by the type of a file system that is mounted
  CgroupInfo cgroups;
  std::vector<std::string> securityModules;
  RootlessInfo rootless;
  Ability systemd;      // its bus, the host's
  Ability userSystemd;  // the caller's own
};

// Indented by two spaces, a newline at the end; every member is there.
std::string encode_host_info(const HostInfo& info);

}  // namespace tare::oci
