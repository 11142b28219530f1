// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tare {

// A line of /proc/PID/mountinfo, proc_pid_mountinfo(5), as far as it is about one mount.
struct MountLine {
  std::uint64_t number = 0;
  std::string device;  // "major:minor" of the file system
  std::string root;    // what of the file system is mounted
  std::string point;   // where, in the root of the process
  std::string type;
  std::vector<std::string> superblock_options;
  std::uint64_t parent = 0;
  std::vector<std::string> options;      // of the mount itself: "ro", "nosuid"
  std::vector<std::string> propagation;  // "shared:3", "master:1", "unbindable"; empty: private
};

// Lines that are none are left out.
std::vector<MountLine> parse_mountinfo(std::string_view text);

// Its spaces and backslashes are written as \040 and the like.
std::string unescape_mountinfo(std::string_view text);

}  // namespace tare
