// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/handing.h"

#include <algorithm>
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

std::vector<int> take_handed(LaunchContext& context) {
  std::vector<int> handed;
  if (std::exchange(context.hands_trees, false)) {
    for (const Slot slot : handed_slots(context)) handed.push_back(context.tree(slot));
  }
  if (std::exchange(context.hands_entries, false)) {
    for (const UniqueFd& entry : context.cgroup_entries) handed.push_back(entry.get());
  }
  return handed;
}

bool brings_entries(const Plan& plan) {
  return std::ranges::any_of(plan.steps, [](const Step& step) {
    const auto* made = std::get_if<step::MakeCgroup>(&step.action);
    return made != nullptr && made->versions == cgroups::Versions::v1;
  });
}

}  // namespace

Call<void> tell_init(LaunchContext& context, const stub::Report& report) {
  const int channel = context.host_end.get();
  const bool is_last_of_entries = context.hands_entries;
  const std::vector<int> handed = take_handed(context);
  if (handed.empty()) return send_report(channel, report);
  std::span<const int> rest(handed);
  for (; rest.size() > most_descriptors; rest = rest.subspan(most_descriptors)) {
    stub::Report more;
    more.step = no_step;
    TRY(send_report_with(channel, more, rest.first(most_descriptors)));
  }
  TRY(send_report_with(channel, report, rest));
  if (is_last_of_entries) context.cgroup_entries.clear();
  return {};
}

Hearing::Hearing(LaunchContext& context)
    : context_(context),
      slots_(handed_slots(context)),
      entries_are_handed_(brings_entries(context.plan)) {}

// All trees arrive before the first entry.
void Hearing::place_arrived() {
  for (UniqueFd& arrived : arrived_) {
    if (placed_ < slots_.size()) {
      context_.trees[static_cast<std::size_t>(slots_[placed_++])] = std::move(arrived);
    } else {
      context_.cgroup_entries.push_back(std::move(arrived));
    }
  }
  arrived_.clear();
}

Call<std::optional<stub::Report>> Hearing::next() {
  const int channel = context_.child_end.get();
  if (placed_ == slots_.size() && !entries_are_handed_) return receive_report(channel);
  auto report = TRY(receive_report_with(channel, arrived_));
  place_arrived();
  return report;
}

}  // namespace tare::runtime
