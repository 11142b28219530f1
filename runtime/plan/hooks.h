// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oci/config.h"
#include "runtime/steps/hooks.h"

namespace tare::runtime {

// config.md "POSIX-platform Hooks" as a step: args default to the path, an absent env is inherited.
// Annotations of crun may name files for its output.
step::RunHook hook_step(const std::string& kind, const oci::Hook& hook,
                        const oci::Annotations& annotations);

}  // namespace tare::runtime
