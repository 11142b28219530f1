// SPDX-License-Identifier: Apache-2.0
//
// The root file system of a container without a mount namespace: mounted on itself in the host's
// mount namespace. tare knows it by its mount id, because others may mount on the same path.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// The id of the descriptor's mount (statx(2)): unique until the next boot on kernels that support
// it (Linux 6.8).
Call<std::uint64_t> mount_number(int fd);

// Unmounts the mount at `path`, with all mounts in it, if it has this id. Returns false if another
// mount, or none, is there.
Call<bool> unmount_numbered(const std::string& path, std::uint64_t number);

}  // namespace tare::runtime
