// SPDX-License-Identifier: Apache-2.0
//
// What the links of /proc/PID/ns say: namespaces(7).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

// All kinds in the order of their names in /proc/PID/ns, which is how people see them listed.
inline constexpr std::array kinds_by_name = {
    oci::NamespaceType::cgroup,  oci::NamespaceType::ipc, oci::NamespaceType::mount,
    oci::NamespaceType::network, oci::NamespaceType::pid, oci::NamespaceType::time,
    oci::NamespaceType::user,    oci::NamespaceType::uts};

// A namespace by its kind and its inode number, which no other namespace of the machine has.
struct NamespaceLink {
  oci::NamespaceType type = oci::NamespaceType::mount;
  std::uint64_t inode = 0;
};

// "uts:[4026531838]", as readlink(2) and mountinfo give it; nothing for other text.
std::optional<NamespaceLink> parse_namespace_link(std::string_view text);

// The kind of a name in /proc/PID/ns or of a word of config.json: "mnt" and "mount".
std::optional<oci::NamespaceType> kind_named(std::string_view name);

// The link `name` in a directory of procfs ("ns/uts", "fd/5"). Nothing if it is no namespace.
std::optional<NamespaceLink> read_namespace_link(int directory, const char* name);

// The namespaces of a process or thread whose directory in procfs is open. Those that the caller
// may not see are left out.
std::vector<NamespaceLink> namespaces_of(int directory);
// The same of a process by its pid.
std::vector<NamespaceLink> namespaces_of_process(pid_t pid);

// The inode number of the kind, 0 if it is not there.
std::uint64_t inode_of_kind(const std::vector<NamespaceLink>& links, oci::NamespaceType type);

// The namespaces to compare with: those of pid 1, or tare's own where pid 1 may not be looked at.
std::vector<NamespaceLink> namespaces_of_host();

}  // namespace tare::runtime
