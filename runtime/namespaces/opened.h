// SPDX-License-Identifier: Apache-2.0
//
// Namespaces as open descriptors. tare knows what they are before it uses them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/namespaces/links.h"

namespace tare::runtime {

using Kinds = std::vector<oci::NamespaceType>;

struct OpenedNamespace {
  NamespaceLink link;
  UniqueFd fd;
};

// A file that a namespace is mounted on, or a link in /proc/PID/ns. Nothing else is opened, because
// opening a FIFO could block and opening a device could have side effects. Kind::refused if the
// kind is not in `wanted`, unless `wanted` is empty.
Result<OpenedNamespace> open_namespace_file(const std::string& path, const Kinds& wanted);
// The same below a directory. The name cannot lead out of it.
Result<OpenedNamespace> open_namespace_beneath(int directory, const char* name,
                                               const Kinds& wanted);
// The same for an O_PATH descriptor. `path` is for the error.
Result<OpenedNamespace> open_namespace_place(int place, const std::string& path,
                                             const Kinds& wanted);

// The namespaces of a process, of these kinds. If `start_time` is 0, any process with the pid.
Result<std::vector<OpenedNamespace>> open_namespaces_of(pid_t pid, std::uint64_t start_time,
                                                        const Kinds& kinds);

// Removes the namespaces that the caller is already in.
void drop_own(std::vector<OpenedNamespace>& namespaces);

// Moves the caller into the namespaces: first into those that its own privileges allow, then into
// the user namespace, which takes these privileges away, then into the others, with the privileges
// that the user namespace gives. Only children of the caller enter a pid namespace. In a user
// namespace the caller becomes root, if the namespace has one.
Result<void> enter(const std::vector<OpenedNamespace>& namespaces);

bool has_kind(const Kinds& kinds, oci::NamespaceType type);
bool has_kind(const std::vector<OpenedNamespace>& namespaces, oci::NamespaceType type);

// Becomes root of the caller's user namespace. If 0 is not mapped there, the ids do not change.
Call<void> become_root();

}  // namespace tare::runtime
