// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does when it is asked: each probe makes the call in question and undoes it.
// Nothing is concluded from a version.
#pragma once

#include "oci/output/host_info.h"

namespace tare::runtime {

oci::Abilities probe_features();
// One new namespace of each kind, with a new user namespace around it for who has no privilege.
oci::Abilities probe_namespaces();
// An id-mapped mount of each type of file system that is mounted here and holds files.
oci::Abilities probe_idmapped_mounts();

}  // namespace tare::runtime
