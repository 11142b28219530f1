// SPDX-License-Identifier: Apache-2.0
//
// Queries about a namespace with an open file: ioctl_ns(2).
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/namespaces/links.h"

namespace tare::runtime {

// True if a descriptor (O_PATH is allowed) refers to an nsfs file.
bool is_namespace_file(int fd);

// The kind and inode of an open file. Nothing if it is not a namespace.
std::optional<NamespaceLink> identify(int fd);

// Opens the user namespace that owns it. EPERM if that is not the caller's own or below it.
Call<UniqueFd> open_owner(int fd);

// Opens the parent of a user or pid namespace. EPERM if there is none, or if the caller may not see
// it.
Call<UniqueFd> open_parent(int fd);

}  // namespace tare::runtime
