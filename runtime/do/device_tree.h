// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

// The device of `step` as a detached mount of a separate file system. `joined_users` is the user
// namespace of the owner's ids, or -1 for the caller's.
Call<UniqueFd> make_device_tree(const step::OpenTree& step, int joined_users);

}  // namespace tare::runtime
