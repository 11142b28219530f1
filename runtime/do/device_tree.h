// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

// The device that `step` wants as a detached mount, on a file system of its own. `joined_users` is
// the user namespace that the owner's ids are of, or -1 for the caller's.
Call<UniqueFd> make_device_tree(const step::OpenTree& step, int joined_users);

}  // namespace tare::runtime
