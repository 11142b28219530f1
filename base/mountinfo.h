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

// A namespace may have 100,000 mounts (fs.mount-max), of some hundred bytes each.
inline constexpr std::size_t largest_mountinfo = std::size_t{64} << 20;

// The mounts of a process (0: the caller), as text of at most `limit` bytes or parsed.
Call<std::string> read_mountinfo(pid_t pid = 0, std::size_t limit = largest_mountinfo);
Call<std::vector<MountLine>> read_mounts(pid_t pid = 0, std::size_t limit = largest_mountinfo);

// The kernel writes spaces and backslashes in octal, such as \040.
std::string unescape_mountinfo(std::string_view text);

}  // namespace tare
