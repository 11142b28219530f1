// SPDX-License-Identifier: Apache-2.0
//
// The spelling is that of mpol_to_str() in the kernel's mm/mempolicy.c.
#include "runtime/look/memory_policy.h"

#include <algorithm>

#include "base/text.h"
#include "runtime/plan/draft.h"

namespace tare::runtime {

namespace {

// MPOL_*, in the order of their numbers.
constexpr std::string_view modes[] = {
    "default", "prefer", "bind", "interleave", "local", "prefer (many)", "weighted interleave"};
constexpr int preferred = 1;
constexpr int local = 4;
constexpr int static_nodes = 1 << 15;
constexpr int relative_nodes = 1 << 14;
constexpr int balancing = 1 << 13;
constexpr int all_flags = static_nodes | relative_nodes | balancing;

bool has_no_node(const std::vector<unsigned long>& mask) {
  return std::ranges::all_of(mask, [](unsigned long word) { return word == 0; });
}

std::string mode_and_flags(const step::SetMemoryPolicy& step) {
  int mode = step.mode & ~all_flags;
  if (mode == preferred && has_no_node(step.nodes)) mode = local;
  std::string text(modes[static_cast<std::size_t>(mode)]);
  if (mode == local) return text;
  if ((step.mode & static_nodes) != 0) text += "=static";
  if ((step.mode & relative_nodes) != 0) text += "=relative";
  return text;
}

// Up to what the mapping is: "bind:0 file=/usr/bin/head", "prefer (many):0 heap", "default".
std::string_view policy_in(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return {};
  line.remove_prefix(blank + 1);
  std::size_t from = 0;
  for (const std::string_view mode : modes) {
    if (line.starts_with(mode)) from = std::max(from, mode.size());
  }
  return line.substr(0, line.find(' ', from));
}

bool is_part_of(const std::vector<unsigned long>& few, const std::vector<unsigned long>& many) {
  for (std::size_t i = 0; i < few.size(); ++i) {
    const unsigned long allowed = i < many.size() ? many[i] : 0;
    if ((few[i] & ~allowed) != 0) return false;
  }
  return true;
}

// Later kernels show that NUMA balancing is on, earlier ones only its "=".
bool is_same_mode(std::string_view found, const std::string& wanted) {
  if (!found.starts_with(wanted)) return false;
  const std::string_view rest = found.substr(wanted.size());
  return rest.empty() || rest == "=" || rest == "=balancing" || rest == "|balancing";
}

}  // namespace

std::string shown_policy(const step::SetMemoryPolicy& step) {
  std::string text = mode_and_flags(step);
  std::string nodes;
  for (std::size_t i = 0; i < step.nodes.size() * 8 * sizeof(unsigned long); ++i) {
    const unsigned long word = step.nodes[i / (8 * sizeof(unsigned long))];
    if ((word >> i % (8 * sizeof(unsigned long)) & 1) == 0) continue;
    nodes += (nodes.empty() ? ":" : ",") + std::to_string(i);
  }
  return text + nodes;
}

bool has_policy(std::string_view numa_maps, const step::SetMemoryPolicy& step) {
  const std::string wanted = mode_and_flags(step);
  return std::ranges::any_of(split(numa_maps, '\n'), [&](std::string_view line) {
    const std::string_view found = policy_in(line);
    const std::size_t colon = std::min(found.find(':'), found.size());
    if (!is_same_mode(found.substr(0, colon), wanted)) return false;
    if (colon == found.size()) return true;
    return (step.mode & relative_nodes) != 0 ||
           is_part_of(bit_mask(found.substr(colon + 1)), step.nodes);
  });
}

std::string_view first_policy(std::string_view numa_maps) {
  return policy_in(numa_maps.substr(0, numa_maps.find('\n')));
}

}  // namespace tare::runtime
