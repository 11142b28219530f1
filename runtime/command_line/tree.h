// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tare::runtime {

// A line of a tree. A parent that is not among the nodes, 0, or the node itself makes it a root.
struct TreeNode {
  std::uint64_t number = 0;
  std::uint64_t parent = 0;
  std::string text;
};

struct TreeLine {
  std::size_t node = 0;  // its place in the list of nodes
  std::string branch;    // what is drawn before it: "│  └─ "
};

// Parents first, the children of each in the order of the nodes. Nodes in a circle are left out.
std::vector<TreeLine> tree_lines(const std::vector<TreeNode>& nodes);

// The same as text.
std::string as_tree(const std::vector<TreeNode>& nodes);

}  // namespace tare::runtime
