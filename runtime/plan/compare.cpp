// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/compare.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "runtime/plan/details.h"

namespace tare::runtime {

std::vector<oci::PlannedStep> planned_steps(const Plan& plan) {
  std::vector<oci::PlannedStep> list;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    oci::PlannedStep planned;
    planned.step = static_cast<std::int64_t>(i);
    planned.actor = name(step.actor);
    if (step.after != no_step) planned.after = step.after;
    planned.what = describe(step.action);
    planned.details = details(plan, step);
    planned.calls = calls(step.action);
    planned.origin = step.origin;
    list.push_back(std::move(planned));
  }
  return list;
}

namespace {

using StepList = std::vector<oci::PlannedStep>;
using StepSpan = std::span<const oci::PlannedStep>;

// Where in config.json it is asked for is no difference: an array may have one element more.
bool do_the_same(const oci::PlannedStep& one, const oci::PlannedStep& other) {
  return one.actor == other.actor && one.what == other.what && one.details == other.details;
}

std::size_t common_start(StepSpan first, StepSpan second) {
  const std::size_t least = std::min(first.size(), second.size());
  std::size_t same = 0;
  while (same < least && do_the_same(first[same], second[same])) ++same;
  return same;
}

std::size_t common_end(StepSpan first, StepSpan second) {
  const std::size_t least = std::min(first.size(), second.size());
  std::size_t same = 0;
  while (same < least &&
         do_the_same(first[first.size() - 1 - same], second[second.size() - 1 - same])) {
    ++same;
  }
  return same;
}

void add(StepList& list, const oci::PlannedStep& step, const char* change) {
  list.push_back(step);
  list.back().change = change;
}

// The longest common subsequence: how long it is behind each pair of places.
class Common {
 public:
  Common(StepSpan first, StepSpan second)
      : first_(first),
        second_(second),
        width_(second.size() + 1),
        lengths_((first.size() + 1) * width_, 0) {
    for (std::size_t i = first.size(); i-- > 0;) {
      for (std::size_t j = second.size(); j-- > 0;) {
        lengths_[i * width_ + j] = do_the_same(first[i], second[j])
                                       ? at(i + 1, j + 1) + 1
                                       : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }

  [[nodiscard]] StepList others() const {
    StepList list;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < first_.size() || j < second_.size()) {
      const bool both = i < first_.size() && j < second_.size();
      if (both && do_the_same(first_[i], second_[j])) {
        ++i, ++j;
      } else if (i < first_.size() && (j == second_.size() || at(i + 1, j) >= at(i, j + 1))) {
        add(list, first_[i++], "-");
      } else {
        add(list, second_[j++], "+");
      }
    }
    return list;
  }

 private:
  [[nodiscard]] std::uint32_t at(std::size_t i, std::size_t j) const {
    return lengths_[i * width_ + j];
  }

  StepSpan first_;
  StepSpan second_;
  std::size_t width_;
  std::vector<std::uint32_t> lengths_;
};

}  // namespace

std::vector<oci::PlannedStep> plan_differences(const Plan& first, const Plan& second) {
  const StepList one = planned_steps(first);
  const StepList other = planned_steps(second);
  const std::size_t start = common_start(one, other);
  StepSpan left = StepSpan(one).subspan(start);
  StepSpan right = StepSpan(other).subspan(start);
  const std::size_t end = common_end(left, right);
  left = left.first(left.size() - end);
  right = right.first(right.size() - end);
  constexpr std::size_t most = std::size_t{1} << 23;
  if (left.size() * right.size() < most) return Common(left, right).others();
  StepList list;
  for (const oci::PlannedStep& step : left) add(list, step, "-");
  for (const oci::PlannedStep& step : right) add(list, step, "+");
  return list;
}

}  // namespace tare::runtime
