// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tare::runtime {

// A line of a tree. A parent that is not among the nodes, or 0, makes it a root.
struct TreeNode {
  std::uint64_t number = 0;
  std::uint64_t parent = 0;
  std::string text;
};

// The nodes as lines with branches drawn before them, in their order. Nodes in a circle are left
// out.
std::string as_tree(const std::vector<TreeNode>& nodes);

}  // namespace tare::runtime
