// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tare::runtime {

// A line of a tree. A node is a root if its parent is 0, itself, or not among the nodes.
struct TreeNode {
  std::uint64_t number = 0;
  std::uint64_t parent = 0;
  std::string text;
};

struct TreeLine {
  std::size_t node = 0;  // its index in the list of nodes
  std::string branch;    // the lines drawn before it: "│  └─ "
};

// Parents first, and children in the order of the nodes. Nodes in a cycle are left out.
std::vector<TreeLine> tree_lines(const std::vector<TreeNode>& nodes);

// The same as text.
std::string as_tree(const std::vector<TreeNode>& nodes);

}  // namespace tare::runtime
