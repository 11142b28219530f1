// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oci/output/difference.h"

namespace tare::runtime {

// The differences found so far.
class Found {
 public:
  void differs(std::string_view origin, std::string property, std::string configured,
               std::string found) {
    list_.push_back(
        {std::string(origin), std::move(property), std::move(configured), std::move(found)});
  }
  void compare(std::string_view origin, std::string property, std::string configured,
               std::string found) {
    if (configured == found) return;
    differs(origin, std::move(property), std::move(configured), std::move(found));
  }
  std::vector<oci::Difference> list() && { return std::move(list_); }

 private:
  std::vector<oci::Difference> list_;
};

}  // namespace tare::runtime
