// SPDX-License-Identifier: Apache-2.0
//
// What the kernel says about a namespace whose file is open: ioctl_ns(2).
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/namespaces/links.h"

namespace tare::runtime {

// Whether a descriptor, which may be one of O_PATH, is of a file of nsfs.
bool is_namespace_file(int fd);

// The kind and the inode of what is open; nothing if it is no namespace.
std::optional<NamespaceLink> identify(int fd);

// The user namespace that owns it. EPERM: it is not below the caller's own.
Call<UniqueFd> open_owner(int fd);

// The namespace above one of kind user or pid. EPERM: that is out of the caller's sight, or there
// is none.
Call<UniqueFd> open_parent(int fd);

}  // namespace tare::runtime
