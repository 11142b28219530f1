// SPDX-License-Identifier: Apache-2.0
//
// Kernel files that need privileges, through a verified procfs: the host's while it is reachable,
// or a private one. Never through a path of the container (CVE-2025-52881).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// Opens `path` below the root of the procfs; does not cross mounts in it.
Call<UniqueFd> open_in_procfs(const std::string& path, int flags, std::uint64_t resolve);

// Writes a kernel parameter; `path` is below /proc/sys.
Call<void> write_sysctl(const std::string& path, const std::string& value);

// ENODEV if the descriptor belongs to another file system.
Call<void> check_procfs(int fd);

// A new, unconfigured procfs (fsopen(2)) of this pid namespace, which Linux 6.18 supports; -1: of
// the caller's.
Call<UniqueFd> open_new_procfs(int pid_namespace);

}  // namespace tare::runtime
