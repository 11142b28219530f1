// SPDX-License-Identifier: Apache-2.0
//
// How the host enters init's copy of the host's mounts. Only init is in that mount namespace, and
// the container has mounted nothing in it yet. So every path leads to the same place as on the
// host.
#pragma once

#include "base/result.h"

namespace tare::runtime {

struct LaunchContext;

// Returns to the host's own mount namespace. Does nothing if the caller has not left it.
Call<void> come_back(LaunchContext& context);

}  // namespace tare::runtime
