// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "oci/record.h"
#include "oci/state.h"
#include "runtime/do/hooks.h"

namespace tare::runtime {

// Runs a hook in the namespaces of the container whose init this is, with its path resolved there
// (runtime.md: startContainer). What becomes visible in the container's pid namespace is the stub,
// never tare: the hook's file is the container's and may be `#!/proc/self/exe`.
Call<HookOutcome> run_hook_inside(const step::RunHook& hook, const oci::State& state,
                                  const oci::Record& record, int init_pidfd);

}  // namespace tare::runtime
