// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/host_steps.h"

#include <variant>

#include "base/faults.h"
#include "base/story.h"
#include "runtime/do/hooks.h"
#include "runtime/errors/failure.h"
#include "runtime/launch/performed.h"
#include "runtime/steps/action.h"

namespace tare::runtime {

namespace {

class Performer {
 public:
  explicit Performer(LaunchContext& context) : context_(context) {}

  template <class Kind>
  Result<void> operator()(const Kind& step) const {
    if constexpr (Kind::actors.contains(Actor::host)) {
      static_assert(is_performed_by_host<Kind>, "a step of the host that nobody performs");
      if constexpr (is_performed_by_child<Kind>) {
        return with_note(perform(step, context_));  // init can perform this step too
      } else {
        return perform(step, context_);
      }
    } else {
      return Error(not_ours);
    }
  }
  Result<void> operator()(const step::CloneStage&) const { return Error(not_ours); }
  Result<void> operator()(const step::CloneInit&) const { return Error(not_ours); }
  Result<void> operator()(const step::RunHook& hook) const {
    oci::State state = context_.state;
    state.status = "creating";
    state.pid = context_.init;
    const HookOutcome outcome = TRY(run_hook(hook, state));
    if (outcome.succeeded()) return {};
    return Error(failure_words(hook, outcome));
  }

 private:
  [[nodiscard]] Result<void> with_note(Call<void> done) const {
    if (done.ok()) return {};
    Error error = done.error();
    if (context_.note[0] != 0) error.what += std::string(": ") + context_.note.data();
    return error;
  }

  LaunchContext& context_;
};

}  // namespace

Result<void> perform_host_step(const Action& action, LaunchContext& context) {
  return std::visit(Performer(context), action);
}

Result<void> walk_host_steps(LaunchContext& context, bool (*wanted)(const Action& action)) {
  for (int i = 0; i < static_cast<int>(context.plan.steps.size()); ++i) {
    const Step& step = context.plan.steps[static_cast<std::size_t>(i)];
    if (step.actor != Actor::host || !wanted(step.action)) continue;
    if (const int error = planned_fault(i)) {
      return step_failure(step, Error(Fault{error, "planned fault"}));
    }
    const story::Step told([&] { return told_as(step); });
    Result<void> done = perform_host_step(step.action, context);
    if (!done.ok()) return step_failure(step, std::move(done).error());
  }
  return {};
}

story::Told told_as(const Step& step) {
  return {describe(step.action), name(step.actor), calls(step.action)};
}

}  // namespace tare::runtime
