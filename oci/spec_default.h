// SPDX-License-Identifier: Apache-2.0
//
// The configuration that `tare spec` writes: a shell in a container of its own, as a start for
// editing.
#pragma once

#include <cstdint>

#include "oci/config.h"

namespace tare::oci {

// Runs as root and without a way to become more. With `rootless` it needs no privilege: a user
// namespace maps root to `uid` and `gid`, the network is the caller's, no resource is limited.
Config default_config(bool rootless, std::uint32_t uid, std::uint32_t gid);

}  // namespace tare::oci
