// SPDX-License-Identifier: Apache-2.0
//
// The links in /proc/PID/ns: namespaces(7).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

// All kinds, in the order of their names in /proc/PID/ns, which is also the order of output.
inline constexpr std::array kinds_by_name = {
    oci::NamespaceType::cgroup,  oci::NamespaceType::ipc, oci::NamespaceType::mount,
    oci::NamespaceType::network, oci::NamespaceType::pid, oci::NamespaceType::time,
    oci::NamespaceType::user,    oci::NamespaceType::uts};

// A namespace: its kind, and its inode number, which is unique on the machine.
struct NamespaceLink {
  oci::NamespaceType type = oci::NamespaceType::mount;
  std::uint64_t inode = 0;
};

// "uts:[4026531838]", as readlink(2) and mountinfo return it. Nothing for other text.
std::optional<NamespaceLink> parse_namespace_link(std::string_view text);

// The kind for a name in /proc/PID/ns or a type in config.json: "mnt" or "mount".
std::optional<oci::NamespaceType> kind_named(std::string_view name);

// The link `name` in a procfs directory ("ns/uts", "fd/5"). Nothing if it is not a namespace.
std::optional<NamespaceLink> read_namespace_link(int directory, const char* name);

// The namespaces of a process or thread with this open procfs directory. Namespaces that the caller
// may not see are left out.
std::vector<NamespaceLink> namespaces_of(int directory);
// The same for a process with this pid.
std::vector<NamespaceLink> namespaces_of_process(pid_t pid);

// The inode number for this kind, or 0 if it is not in the list.
std::uint64_t inode_of_kind(const std::vector<NamespaceLink>& links, oci::NamespaceType type);

// The namespaces to compare with: those of pid 1, or tare's own if the caller may not inspect pid
// 1.
std::vector<NamespaceLink> namespaces_of_host();

}  // namespace tare::runtime
