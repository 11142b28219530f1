// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/tree.h"

#include <map>
#include <set>
#include <utility>

namespace tare::runtime {

namespace {

// A list instead of recursion, because a container controls how deep its mounts are nested.
class Walk {
 public:
  explicit Walk(const std::vector<TreeNode>& nodes) : nodes_(nodes) {
    std::set<std::uint64_t> numbers;
    for (const TreeNode& node : nodes) numbers.insert(node.number);
    std::vector<std::size_t> roots;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::uint64_t parent = nodes[i].parent;
      const bool is_root = parent == 0 || parent == nodes[i].number || !numbers.contains(parent);
      (is_root ? roots : children_[parent]).push_back(i);
    }
    for (auto root = roots.rbegin(); root != roots.rend(); ++root)
      waiting_.push_back({{*root, ""}, ""});
  }

  std::vector<TreeLine> lines() && {
    std::vector<TreeLine> list;
    while (!waiting_.empty()) {
      Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      add_children(next);
      list.push_back(std::move(next.line));
    }
    return list;
  }

 private:
  struct Waiting {
    TreeLine line;
    std::string below;  // the prefix of its children's lines
  };

  void add_children(const Waiting& parent) {
    // Deeper lines are not indented further: no screen is wider, and memory is limited.
    constexpr std::size_t widest = 200;
    const bool is_deep = parent.below.size() > widest;
    const auto& below = children_[nodes_[parent.line.node].number];
    for (auto child = below.rbegin(); child != below.rend(); ++child) {
      const bool is_last = child == below.rbegin();
      const char* further = is_deep ? "" : is_last ? "   " : "│  ";
      waiting_.push_back(
          {{*child, parent.below + (is_last ? "└─ " : "├─ ")}, parent.below + further});
    }
  }

  const std::vector<TreeNode>& nodes_;
  std::map<std::uint64_t, std::vector<std::size_t>> children_;
  std::vector<Waiting> waiting_;
};

}  // namespace

std::vector<TreeLine> tree_lines(const std::vector<TreeNode>& nodes) {
  return Walk(nodes).lines();
}

std::string as_tree(const std::vector<TreeNode>& nodes) {
  std::string text;
  for (const TreeLine& line : tree_lines(nodes)) {
    text += line.branch + nodes[line.node].text + "\n";
  }
  return text;
}

}  // namespace tare::runtime
