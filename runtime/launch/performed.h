// SPDX-License-Identifier: Apache-2.0
//
// Checked by the compiler: each kind of step has a perform() for each actor that it names.
#pragma once

#include <cerrno>
#include <concepts>

#include "base/result.h"
#include "runtime/do/context.h"

namespace tare::runtime {

template <class Kind>
concept is_performed_by_child = requires(const Kind& step, LaunchContext& context) {
  { perform(step, context) } -> std::same_as<Call<void>>;
};
// Returns an Error with its own text where the step knows more than its description says.
template <class Kind>
concept is_performed_by_host = is_performed_by_child<Kind> ||
    requires(const Kind& step, LaunchContext& context) {
  { perform(step, context) } -> std::same_as<Result<void>>;
};

// A plan never assigns a step to an actor that cannot perform it (runtime/plan/draft.h).
inline constexpr Fault not_ours{ENOSYS, "perform"};

}  // namespace tare::runtime
