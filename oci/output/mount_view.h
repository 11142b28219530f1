// SPDX-License-Identifier: Apache-2.0
//
// A mount as `tare mounts show` prints it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tare::oci {

// A mount that exchanges events with it: "/data" in the mount namespace of "the host", "web" or
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
  std::string root;  // the mounted directory or file of the file system
  std::vector<std::string> options;
  std::string propagation;        // "shared", "slave", "shared and slave", "private", "unbindable"
  std::vector<OtherMount> peers;  // events propagate in both directions
  std::vector<OtherMount> masters;  // it receives their events
  std::vector<OtherMount> slaves;   // they receive its events
  std::vector<std::string> locked;  // flags that no process in the namespace can clear
  std::string remount;  // why a change of its flags would be refused; empty: it would not
};

// One line.
std::string encode_mount_views(const std::vector<MountView>& mounts);

}  // namespace tare::oci
