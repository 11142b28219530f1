// SPDX-License-Identifier: Apache-2.0
//
// What a process that joins a container needs to know. Uses only the container's record, because
// the bundle may have changed since.
#pragma once

#include <cstdint>

#include "oci/record.h"

namespace tare::runtime {

// CLONE_NEW* of the container's namespaces that setns(2) must and can join.
std::uint64_t namespaces_to_join(const oci::Record& record);

}  // namespace tare::runtime
