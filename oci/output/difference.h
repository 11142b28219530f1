// SPDX-License-Identifier: Apache-2.0
//
// The differences between a running container and its config.json, as `tare diff` prints them.
#pragma once

#include <string>
#include <vector>

namespace tare::oci {

struct Difference {
  std::string origin;  // JSON pointer into config.json; empty for defaults of every container
  std::string property;
  std::string configured;
  std::string found;
};

// One line; "[]" when empty.
std::string encode_differences(const std::vector<Difference>& differences);

}  // namespace tare::oci
