// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "oci/output/namespace_table.h"

namespace tare::runtime {

// The namespaces of each thread of a process, compared with those of the host and of the parent
// process. Kind::not_found if the process does not exist.
Result<oci::ProcessNamespaces> view_process(pid_t pid);

}  // namespace tare::runtime
