// SPDX-License-Identifier: Apache-2.0
//
// A mount as `tare mounts show` tells it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tare::oci {

// A mount that events are exchanged with: "/data" in the mount namespace of "the host", "web" or
// "PID 17".
struct OtherMount {
  std::string where;
  std::string point;
};

struct MountView {
  std::uint64_t number = 0;
  std::uint64_t parent = 0;
  std::string point;
  std::string type;
  std::string root;  // what of the file system is mounted
  std::vector<std::string> options;
  std::string propagation;        // "shared", "slave", "shared and slave", "private", "unbindable"
  std::vector<OtherMount> peers;  // events pass in both directions
  std::vector<OtherMount> masters;  // it hears of them
  std::vector<OtherMount> slaves;   // they hear of it
  std::vector<std::string> locked;  // flags that nobody in the namespace can take away
  std::string remount;  // why a change of its flags would be refused; empty: it would not
};

// One line.
std::string encode_mount_views(const std::vector<MountView>& mounts);

}  // namespace tare::oci
