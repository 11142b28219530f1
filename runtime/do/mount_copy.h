// SPDX-License-Identifier: Apache-2.0
//
// The host in init's copy of its mounts. Nobody but init is there, and nothing of the container's:
// every path leads where it leads on the host.
#pragma once

#include "base/result.h"

namespace tare::runtime {

struct LaunchContext;

// Where it was; nothing if it is there.
Call<void> come_back(LaunchContext& context);

}  // namespace tare::runtime
