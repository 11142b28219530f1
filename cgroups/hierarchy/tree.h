// SPDX-License-Identifier: Apache-2.0
//
// A cgroup directory, and the tree of cgroups that a container may have created below its own. The
// kernel allows no symbolic links, no ordinary files and no renames across directories in it.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// Opens a directory and verifies that it is a cgroup of the right version: EINVAL for an unsafe
// path (place.h), ENOTTY for another file system.
Call<UniqueFd> open_directory(const Directory& directory);
// The same for an existing file in it.
Call<UniqueFd> open_file(const Directory& directory, const char* name, int flags);

// The cgroup or the whole file system is gone: it has no processes.
bool is_gone(int error);

struct TreeVisitor {
  // Called for every cgroup, parents first.
  std::function<Call<void>(int directory)> enter;
  // Called for every cgroup except the topmost, children first; `name` is in `parent`.
  std::function<Call<void>(int parent, const std::string& name)> leave = {};
};

// Uses two descriptors at any depth, because the container controls the depth. Skips cgroups that
// are removed meanwhile. Stops at the first Fault of the visitor.
Call<void> walk_tree(int top, const TreeVisitor& visitor);

}  // namespace tare::cgroups
