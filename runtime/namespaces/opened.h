// SPDX-License-Identifier: Apache-2.0
//
// Namespaces by open descriptors: what they are is known before anything is done with them.
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

// A file that a namespace is mounted on, or a link of /proc/PID/ns. Nothing else is opened: a fifo
// or a device would wait, or do something. Kind::refused for one of another kind than `wanted`, if
// any is.
Result<OpenedNamespace> open_namespace_file(const std::string& path, const Kinds& wanted);
// The same below a directory, whose names lead nowhere else.
Result<OpenedNamespace> open_namespace_beneath(int directory, const char* name,
                                               const Kinds& wanted);
// The same of a descriptor of O_PATH; `path` is for the error.
Result<OpenedNamespace> open_namespace_place(int place, const std::string& path,
                                             const Kinds& wanted);

// Those of a process, of these kinds. `start_time` 0: whatever process has the pid.
Result<std::vector<OpenedNamespace>> open_namespaces_of(pid_t pid, std::uint64_t start_time,
                                                        const Kinds& kinds);

// Without those that the caller is in already.
void drop_own(std::vector<OpenedNamespace>& namespaces);

// The caller joins them. The user namespace comes last, as it takes away the privileges over the
// others, or first where it is what gives them. Only children of the caller will be in a pid
// namespace. With a user namespace the caller becomes its root, if it has one.
Result<void> enter(const std::vector<OpenedNamespace>& namespaces);

bool has_kind(const Kinds& kinds, oci::NamespaceType type);
bool has_kind(const std::vector<OpenedNamespace>& namespaces, oci::NamespaceType type);

// Of the user namespace that the caller is in. One without a 0 has no root: then the ids stay what
// they are.
Call<void> become_root();

}  // namespace tare::runtime
