// SPDX-License-Identifier: Apache-2.0
//
// The configuration that `tare spec` writes: a shell in a container, as a start for editing.
#pragma once

#include <cstdint>

#include "oci/config.h"

namespace tare::oci {

// Runs as root and cannot gain privileges. With `rootless` it needs no privileges: a user namespace
// maps root to `uid` and `gid`, the network is the caller's, and no resource is limited.
Config default_config(bool rootless, std::uint32_t uid, std::uint32_t gid);

}  // namespace tare::oci
