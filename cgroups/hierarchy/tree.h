// SPDX-License-Identifier: Apache-2.0
//
// A cgroup directory, and the tree of cgroups that a container may have made below its own. The
// kernel allows no symbolic link, no file of ours and no rename across directories in it.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"

namespace tare::cgroups {

// Opens a directory and makes sure that it is a cgroup of the right version: EINVAL for a path that
// is not safe (place.h), ENOTTY for another file system.
Call<UniqueFd> open_directory(const Directory& directory);

// The cgroup or the whole file system went away: it holds no process, and there is no more to do.
bool is_gone(int error);

struct TreeVisitor {
  // Called for every cgroup, parents first.
  std::function<Call<void>(int directory)> enter;
  // Called for every cgroup but the topmost, children first; `name` is in `parent`.
  std::function<Call<void>(int parent, const std::string& name)> leave = {};
};

// Uses two descriptors however deep the tree is, as the container decides how deep. Cgroups that
// vanish on the way are passed over. Stops at the first Fault of the visitor.
Call<void> walk_tree(int top, const TreeVisitor& visitor);

}  // namespace tare::cgroups
