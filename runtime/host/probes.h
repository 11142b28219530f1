// SPDX-License-Identifier: Apache-2.0
//
// What the kernel supports. Each probe makes the system call in question and undoes it; nothing is
// concluded from a version.
#pragma once

#include "oci/output/host_info.h"

namespace tare::runtime {

oci::Abilities probe_features();
// One new namespace of each kind; for an unprivileged user together with a new user namespace.
oci::Abilities probe_namespaces();
// An idmapped mount of each file system type that is mounted here and holds files.
oci::Abilities probe_idmapped_mounts();

}  // namespace tare::runtime
