// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare {

// The fields of a line of /proc/PID/mountinfo, proc_pid_mountinfo(5), that describe one mount.
struct MountLine {
  std::uint64_t number = 0;
  std::string device;  // "major:minor" of the file system
  std::string root;    // the mounted directory or file within the file system
  std::string point;   // the mount point, relative to the root of the process
  std::string type;
  std::vector<std::string> superblock_options;
  std::uint64_t parent = 0;
  std::vector<std::string> options;      // of the mount itself: "ro", "nosuid"
  std::vector<std::string> propagation;  // "shared:3", "master:1", "unbindable"; empty: private
};

// Skips malformed lines.
std::vector<MountLine> parse_mountinfo(std::string_view text);

// Those of a process (0: the caller), of at most `limit` bytes of text.
Call<std::vector<MountLine>> read_mounts(pid_t pid, std::size_t limit);

// The kernel writes spaces and backslashes in octal, such as \040.
std::string unescape_mountinfo(std::string_view text);

}  // namespace tare
