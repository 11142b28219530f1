// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a container that come from outside: CRIU leaves them out of a dump and is told at
// the restore where each comes from ("external" mounts of criu(8)). A bind is named by its
// destination in config.json, so that another bundle may have another source for it; a node of the
// host's /dev by its path there.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/record.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// The destinations of all mounts that show a file or directory of the host.
std::vector<std::string> bind_destinations(const Plan& plan);

// A bind as it is found in the container: the number of its mount, and the destination that it was
// given.
struct FoundBind {
  std::uint64_t mount = 0;
  std::string destination;
};

// "mnt[MOUNT POINT]:NAME" for a dump, from the container's /proc/PID/mountinfo. `host_devices` is
// the file system that the host's /dev is.
std::vector<std::string> dumped_mounts(std::string_view mountinfo,
                                       const std::vector<FoundBind>& binds, dev_t host_devices);

// The mount points that show something of the host beside those: CRIU could not make them again.
std::vector<std::string> foreign_mounts(std::string_view mountinfo,
                                        const std::vector<FoundBind>& binds, dev_t host_devices);

// What CRIU calls a file that is in none of the container's mounts: "file[MOUNT:INODE]", both in
// hexadecimal. Nothing for one that is in the container, and for what has no path.
std::optional<std::string> outside_file(std::string_view mountinfo,
                                        const oci::RecordedStream& stream);

// "mnt[NAME]:SOURCE" for a restore, all that a dump may have named.
std::vector<std::string> restored_mounts(const Plan& plan);

}  // namespace tare::runtime
