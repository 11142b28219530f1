// SPDX-License-Identifier: Apache-2.0
//
// Namespaces by descriptor, from the files of /proc/PID/ns.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"

namespace tare::runtime {

// Whether the caller is in this namespace.
Call<bool> is_own_namespace(int fd, oci::NamespaceType type);

// The namespace of a child of ours that is not yet reaped; ESTALE if it is the caller's own.
Call<UniqueFd> open_namespace_of(pid_t pid, oci::NamespaceType type);

}  // namespace tare::runtime
