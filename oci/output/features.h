// SPDX-License-Identifier: Apache-2.0
//
// What `tare features` prints (features.md, features-linux.md). What the documents can say comes
// from the field tables: a property that they tag `unsupported` is reported so.
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"

namespace tare::oci {

// What the layers above know. None of it may depend on the host.
struct FeatureFacts {
  std::vector<std::string> mount_options;  // that are no data for the file system
  std::vector<std::string> capabilities;   // "CAP_CHOWN", in the order of their numbers
  bool cgroup_v1 = false;
  bool cgroup_v2 = false;
  bool systemd = false;
  bool systemd_user = false;
  bool rdma = false;
  bool seccomp = false;
  Annotations annotations;                      // about this build
  std::vector<std::string> unsafe_annotations;  // of a config; a prefix ends in "."
};

// Indented by four spaces, newline at the end.
std::string features_json(const FeatureFacts& facts);

}  // namespace tare::oci
