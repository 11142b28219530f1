// SPDX-License-Identifier: Apache-2.0
//
// The output of `tare features` (features.md, features-linux.md). What documents may contain comes
// from the field tables: a property with the tag `unsupported` is reported as such.
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"

namespace tare::oci {

// Values from higher layers. None may depend on the host.
struct FeatureFacts {
  std::vector<std::string> mount_options;  // options that are not passed to the file system
  std::vector<std::string> capabilities;   // "CAP_CHOWN", in the order of their numbers
  bool cgroup_v1 = false;
  bool cgroup_v2 = false;
  bool systemd = false;
  bool systemd_user = false;
  bool rdma = false;
  bool seccomp = false;
  Annotations annotations;                      // about this build
  std::vector<std::string> unsafe_annotations;  // of a config; a prefix ends with "."
};

// Indented by four spaces, newline at the end.
std::string features_json(const FeatureFacts& facts);

}  // namespace tare::oci
