// SPDX-License-Identifier: Apache-2.0
//
// The id maps of a new user namespace.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "runtime/host/user_namespace.h"
#include "runtime/steps/namespaces.h"

namespace tare::runtime {

// Lines in the format of user_namespaces(7), "INSIDE OUTSIDE COUNT\n".
Result<void> write_id_map(pid_t pid, const IdKind& kind, const std::string& lines,
                          step::MapWriter writer);

}  // namespace tare::runtime
