// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oci/config.h"
#include "runtime/steps/hooks.h"

namespace tare::runtime {

// A hook of config.md "POSIX-platform Hooks" as a step: args default to the path, and without env
// the hook inherits the environment. crun's annotations may name files for its output.
step::RunHook hook_step(const std::string& kind, const oci::Hook& hook,
                        const oci::Annotations& annotations);

}  // namespace tare::runtime
