// SPDX-License-Identifier: Apache-2.0
//
// Namespaces by descriptor: what a file of /proc/PID/ns says.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"

namespace tare::runtime {

// Whether the caller is in this namespace.
Call<bool> is_own_namespace(int fd, oci::NamespaceType type);

// The namespace that a child of ours, not yet reaped, is in; ESTALE if it is the caller's own.
Call<UniqueFd> open_namespace_of(pid_t pid, oci::NamespaceType type);

}  // namespace tare::runtime
