// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/tree.h"

#include <algorithm>

namespace tare::runtime {

namespace {

bool is_among(const std::vector<TreeNode>& nodes, std::uint64_t number) {
  return std::ranges::find(nodes, number, &TreeNode::number) != nodes.end();
}

void add_below(const std::vector<TreeNode>& nodes, std::uint64_t parent, const std::string& before,
               std::string& text) {
  std::vector<const TreeNode*> children;
  for (const TreeNode& node : nodes) {
    if (node.parent == parent && node.number != parent) children.push_back(&node);
  }
  for (const TreeNode* child : children) {
    const bool is_last = child == children.back();
    text += before + (is_last ? "└─ " : "├─ ") + child->text + "\n";
    add_below(nodes, child->number, before + (is_last ? "   " : "│  "), text);
  }
}

}  // namespace

std::string as_tree(const std::vector<TreeNode>& nodes) {
  std::string text;
  for (const TreeNode& node : nodes) {
    if (node.parent != 0 && is_among(nodes, node.parent)) continue;
    text += node.text + "\n";
    add_below(nodes, node.number, "", text);
  }
  return text;
}

}  // namespace tare::runtime
