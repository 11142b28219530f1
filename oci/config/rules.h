// SPDX-License-Identifier: Apache-2.0
//
// The checks of all nouns. Each is in the .cpp file of its noun, with one function for each rule
// and one that calls them in order. oci/validate.cpp calls these in the order of the document.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "oci/json/place.h"

namespace tare::oci {

struct Capabilities;
struct Config;
struct Device;
struct Hooks;
struct IDMapping;
struct IntelRdt;
struct MemoryPolicy;
struct Mount;
struct Namespace;
struct NetDevice;
struct Personality;
struct Process;
struct Resources;
struct Root;
struct Scheduler;
struct Seccomp;
struct TimeOffset;
struct User;

using Namespaces = std::vector<Namespace>;
using IDMappings = std::vector<IDMapping>;

class Problems {
 public:
  void add(const Place& place, std::string words) {
    found_.push_back(place.error(std::move(words)));
  }
  void add(Error error) { found_.push_back(std::move(error)); }
  std::vector<Error> take() { return std::move(found_); }

 private:
  std::vector<Error> found_;
};

// A rule for one part: the part, its place, and the list for its problems.
template <class Part>
using Rule = void (*)(const Part& part, const Place& place, Problems& problems);

template <class Part>
void check_rules(std::span<const Rule<Part>> rules, const Part& part, const Place& place,
                 Problems& problems) {
  for (const Rule<Part> rule : rules) rule(part, place, problems);
}

// ---- the nouns, in the order of the document ---------------------------------------------------
//
// A rule that depends on another noun gets that noun too: `namespaces` are linux.namespaces.

void check_top(const Config& config, const Place& document, Problems& problems);
void check(const Process& process, const Place& place, Problems& problems);
void check(const Scheduler& scheduler, const Place& place, Problems& problems);  // by process
// Null if the document has none.
void check_root(const Root* root, const Place& place, Problems& problems);
void check(const std::vector<Mount>& mounts, const Namespaces& namespaces, const Place& place,
           Problems& problems);
// For a running container; the planner checks mounts on /.
void check_added(const std::vector<Mount>& mounts, const Place& place, Problems& problems);
// linux.maskedPaths
void check_masked(const std::vector<std::string>& paths, const Namespaces& namespaces,
                  const Place& place, Problems& problems);
// linux.readonlyPaths
void check_readonly(const std::vector<std::string>& paths, const Namespaces& namespaces,
                    const Place& place, Problems& problems);
void check(const Hooks& hooks, const Place& place, Problems& problems);
void check(const Namespaces& namespaces, const Place& place, Problems& problems);
// For a container: linux.uidMappings or gidMappings.
void check(const IDMappings& mappings, const Namespaces& namespaces, const Place& place,
           Problems& problems);
void check_mapped(const User& user, const IDMappings& uids, const IDMappings& gids,
                  const Place& place, Problems& problems);
void check(const std::map<std::string, TimeOffset>& offsets, const Namespaces& namespaces,
           const Place& place, Problems& problems);
void check(const std::map<std::string, NetDevice>& devices, const Namespaces& namespaces,
           const Place& place, Problems& problems);
// linux.sysctl
void check_sysctl(const std::map<std::string, std::string>& sysctl, const Namespaces& namespaces,
                  const Place& place, Problems& problems);
void check(const std::vector<Device>& devices, const Place& place, Problems& problems);
void check_cgroups_path(std::string_view path, const Place& place, Problems& problems);
void check(const Personality& personality, const Place& place, Problems& problems);
void check(const MemoryPolicy& policy, const Place& place, Problems& problems);
void check(const IntelRdt& rdt, const Place& place, Problems& problems);
void check(const Resources& resources, const Place& place, Problems& problems);
void check(const Seccomp& seccomp, const Place& place, Problems& problems);

// The warnings: problems that are not errors.
void warn(const Resources& resources, const Place& place, std::vector<Error>& said);
void warn(const Capabilities& capabilities, const Place& place, std::vector<Error>& said);
void warn_of_mounts(const std::vector<Mount>& mounts, const Place& place, std::vector<Error>& said);

// ---- what several rules ask --------------------------------------------------------------------

// The list format of cpuset(7), "0-3,7"; an empty list is valid.
bool is_number_list(std::string_view text);
// The same, with numbers that a kernel can have: NR_CPUS and MAX_NUMNODES.
inline constexpr std::uint32_t highest_cpu = 8191;
inline constexpr std::uint32_t highest_node = 1023;
void check_number_list(std::string_view text, const char* what, std::uint32_t highest,
                       const Place& place, Problems& problems);

// Invalid bits of a device number (kdev_t.h: 12 bits of major, 20 of minor).
void check_device_number(std::int64_t major, std::int64_t minor, const Place& place,
                         Problems& problems);

// One list of id mappings, valid as in user_namespaces(7).
void check_mappings(const IDMappings& mappings, const Place& place, Problems& problems);

}  // namespace tare::oci
