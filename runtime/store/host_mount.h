// SPDX-License-Identifier: Apache-2.0
//
// The root file system of a container without a mount namespace of its own: mounted on itself in
// the host's, and known by its number, since others mount on the same path.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// The number of the mount that the descriptor is in (statx(2)): one that is never given again until
// the next boot, where the kernel has those (Linux 6.8).
Call<std::uint64_t> mount_number(int fd);

// Unmounts what is on `path`, with all that is mounted in it, if it has this number. False if it is
// another mount, or nothing is there.
Call<bool> unmount_numbered(const std::string& path, std::uint64_t number);

}  // namespace tare::runtime
