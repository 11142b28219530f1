// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/handing.h"

#include <span>
#include <utility>

#include "runtime/plan/plan.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

// Host and init compute the same slots: both have the plan, and the links that were read before the
// clone.
std::vector<Slot> handed_slots(const LaunchContext& context) {
  std::vector<Slot> slots;
  for (const Step& step : context.plan.steps) {
    const auto* tree = std::get_if<step::OpenTree>(&step.action);
    if (tree == nullptr || step.actor != Actor::host || !tree->from_copy) continue;
    if (context.links[static_cast<std::size_t>(tree->slot)].empty()) slots.push_back(tree->slot);
  }
  return slots;
}

}  // namespace

Call<void> tell_init(LaunchContext& context, const stub::Report& report) {
  const int channel = context.host_end.get();
  if (!std::exchange(context.hands_trees, false)) return send_report(channel, report);
  std::vector<int> trees;
  for (const Slot slot : handed_slots(context)) trees.push_back(context.tree(slot));
  std::span<const int> rest(trees);
  for (; rest.size() > most_descriptors; rest = rest.subspan(most_descriptors)) {
    stub::Report more;
    more.step = no_step;
    TRY(send_report_with(channel, more, rest.first(most_descriptors)));
  }
  return send_report_with(channel, report, rest);
}

Hearing::Hearing(LaunchContext& context) : context_(context), slots_(handed_slots(context)) {}

void Hearing::place_trees() {
  for (UniqueFd& tree : trees_) {
    if (placed_ == slots_.size()) break;
    context_.trees[static_cast<std::size_t>(slots_[placed_++])] = std::move(tree);
  }
  trees_.clear();
}

Call<std::optional<stub::Report>> Hearing::next() {
  const int channel = context_.child_end.get();
  if (placed_ == slots_.size()) return receive_report(channel);
  auto report = TRY(receive_report_with(channel, trees_));
  place_trees();
  return report;
}

}  // namespace tare::runtime
