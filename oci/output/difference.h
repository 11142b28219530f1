// SPDX-License-Identifier: Apache-2.0
//
// What a running container has otherwise than its config.json says, as `tare diff` tells it.
#pragma once

#include <string>
#include <vector>

namespace tare::oci {

struct Difference {
  std::string origin;  // JSON pointer into config.json; empty for what every container gets
  std::string property;
  std::string configured;
  std::string found;
};

// One line; "[]" when empty.
std::string encode_differences(const std::vector<Difference>& differences);

}  // namespace tare::oci
