// SPDX-License-Identifier: Apache-2.0
//
// The rules behind oci/validate.h, one function each, grouped in one table per part of the
// document. Included by oci/validate*.cpp only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "oci/json/place.h"

namespace tare::oci {

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

// A rule about one part: the part, where it stands, and where to put what is wrong.
template <class Part>
using Rule = void (*)(const Part& part, const Place& place, Problems& problems);

std::span<const Rule<Config>> document_rules();    // version, annotations, names
std::span<const Rule<Process>> process_rules();    //
std::span<const Rule<Config>> filesystem_rules();  // root, mounts, masked and read-only paths
std::span<const Rule<Config>> mount_rules();       // those about mounts alone
std::span<const Rule<Hooks>> hook_rules();
std::span<const Rule<Config>> namespace_rules();  // namespaces, id mappings, time offsets
std::span<const Rule<Config>> sysctl_rules();
std::span<const Rule<Linux>> linux_rules();  // devices, cgroup path, what has no file of its own
std::span<const Rule<Resources>> resource_rules();
std::span<const Rule<Seccomp>> seccomp_rules();

template <class Part>
void check_rules(std::span<const Rule<Part>> rules, const Part& part, const Place& place,
                 Problems& problems) {
  for (const Rule<Part> rule : rules) rule(part, place, problems);
}

// ---- what several rules ask --------------------------------------------------------------------

// The entry of linux.namespaces, or null.
const Namespace* find_namespace(const Config& config, NamespaceType type);

// The list format of cpuset(7), "0-3,7"; an empty list is one.
bool is_number_list(std::string_view text);
// The same, of numbers that a kernel can have: NR_CPUS and MAX_NUMNODES.
inline constexpr std::uint32_t highest_cpu = 8191;
inline constexpr std::uint32_t highest_node = 1023;
void check_number_list(std::string_view text, const char* what, std::uint32_t highest,
                       const Place& place, Problems& problems);

bool has_control_character(std::string_view text);

// The wrong-sized or reserved bits of a device number (kdev_t.h: 12 bits of major, 20 of minor).
void check_device_number(std::int64_t major, std::int64_t minor, const Place& place,
                         Problems& problems);

// One list of id mappings as user_namespaces(7) allows it.
void check_mappings(const std::vector<IDMapping>& mappings, const Place& place, Problems& problems);

}  // namespace tare::oci
