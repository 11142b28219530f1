// SPDX-License-Identifier: Apache-2.0
//
// Hooks before the start: their place in the plan, their environment and output.
#include <string>
#include <vector>

#include "oci/annotations.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/hooks.h"

namespace tare::runtime {

step::RunHook hook_step(const std::string& kind, const oci::Hook& hook,
                        const oci::Annotations& annotations) {
  step::RunHook run;
  run.kind = kind;
  run.path = hook.path;
  run.args = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
  run.env = hook.env;
  run.inherits_env = hook.env.empty();
  run.timeout_seconds = hook.timeout.value_or(0);
  const std::string* output = oci::find_annotation(annotations, oci::annotation::hooks_stdout);
  const std::string* errors = oci::find_annotation(annotations, oci::annotation::hooks_stderr);
  if (output != nullptr) run.output = *output;
  if (errors != nullptr) run.errors = *errors;
  return run;
}

void plan_create_hooks(Draft& draft) {
  if (!draft.config.hooks) return;
  const oci::Hooks& hooks = *draft.config.hooks;
  // The specification runs all three kinds after the mounts and before pivot_root.
  const int mounted = draft.last(Actor::init);
  const auto plan = [&](Actor actor, const char* kind, const std::vector<oci::Hook>& list,
                        int after) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      draft.add_for(actor, pointer(std::string("/hooks/") + kind, i),
                    hook_step(kind, list[i], draft.config.annotations), after);
    }
  };
  plan(Actor::host, "prestart", hooks.prestart, mounted);
  plan(Actor::host, "createRuntime", hooks.createRuntime, mounted);
  if (!hooks.prestart.empty() || !hooks.createRuntime.empty()) {
    draft.init_waits_for = draft.last(Actor::host);
  }
  plan(Actor::init, "createContainer", hooks.createContainer, no_step);
}

}  // namespace tare::runtime
