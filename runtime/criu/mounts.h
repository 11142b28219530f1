// SPDX-License-Identifier: Apache-2.0
//
// The external mounts of a container (criu(8)): CRIU does not dump them and gets their sources at
// the restore. A bind mount is named by its destination in config.json, so another bundle may have
// another source for it; a node of the host's /dev by its path there.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/record.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

// The destinations of all mounts of host files and directories.
std::vector<std::string> bind_destinations(const Plan& plan);

// A bind mount in the container: its mount id, and its destination in the config.
struct FoundBind {
  std::uint64_t mount = 0;
  std::string destination;
};

// "mnt[MOUNT POINT]:NAME" for a dump, from the container's /proc/PID/mountinfo. `host_devices` is
// the file system of the host's /dev.
std::vector<std::string> dumped_mounts(std::string_view mountinfo,
                                       const std::vector<FoundBind>& binds, dev_t host_devices);

// The mount points of other host files, which CRIU could not restore.
std::vector<std::string> foreign_mounts(std::string_view mountinfo,
                                        const std::vector<FoundBind>& binds, dev_t host_devices);

// CRIU's name for a file outside the container's mounts: "file[MOUNT:INODE]", both in hexadecimal.
// Nothing for a file in the container or without a path.
std::optional<std::string> outside_file(std::string_view mountinfo,
                                        const oci::RecordedStream& stream);

// "mnt[NAME]:SOURCE" for a restore, for all names that a dump may contain.
std::vector<std::string> restored_mounts(const Plan& plan);

}  // namespace tare::runtime
