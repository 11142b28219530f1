// SPDX-License-Identifier: Apache-2.0
//
// Hooks of create, and what is done inside the finished mount tree before init enters it.
#include <algorithm>
#include <string>

#include "oci/annotations.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/hooks.h"
#include "runtime/plan/labels.h"

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
  // The mounts are there, pivot_root has not been called: where the spec puts all three kinds.
  const int mounted = draft.last(Actor::init);
  const auto plan = [&](Actor actor, const char* kind, const std::vector<oci::Hook>& list,
                        int after) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      draft.add(actor, pointer(std::string("/hooks/") + kind, i),
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

namespace {

// Keys come with dots or slashes; the first separator says which, and the other then stands for
// itself ("net/ipv4/conf/eno2.100/forwarding"), as sysctl(8) has it.
std::string sysctl_path(std::string key) {
  const std::size_t first = key.find_first_of("./");
  if (first == std::string::npos || key[first] == '/') return key;
  for (char& c : key) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return key;
}

// As long as something else may be mounted over a part of it, names are needed: only a path that no
// other mount of the config is near to goes by the mount's descriptor.
step::ProtectedPath protected_path(const Draft& draft, const std::string& path) {
  std::string mount;
  for (const auto& entry : draft.config.mounts) {
    const std::string& destination = entry.destination;
    if (!path.starts_with(destination + "/")) continue;
    const bool kernels = entry.type == "proc" || entry.type == "sysfs";
    mount = kernels ? destination : "";
  }
  return {InsidePath(path), mount};
}

}  // namespace

void plan_protection(Draft& draft) {
  for (const auto& [key, value] : draft.linux_.sysctl) {
    draft.add(Actor::init, pointer("/linux/sysctl", key),
              step::WriteSysctl{key, sysctl_path(key), value});
  }
  for (std::size_t i = 0; i < draft.linux_.readonlyPaths.size(); ++i) {
    draft.add(Actor::init, pointer("/linux/readonlyPaths", i),
              step::ReadonlyPath{protected_path(draft, draft.linux_.readonlyPaths[i])});
  }
  const auto label = mount_label(draft);
  for (std::size_t i = 0; i < draft.linux_.maskedPaths.size(); ++i) {
    draft.add(Actor::init, pointer("/linux/maskedPaths", i),
              step::MaskPath{protected_path(draft, draft.linux_.maskedPaths[i]), label});
  }
  if (!draft.process.cwd.empty() && draft.process.cwd != "/") {
    draft.add(Actor::init, "/process/cwd", step::MakeDirectory{InsidePath(draft.process.cwd)});
  }
  if (draft.own_mounts()) draft.add(Actor::init, "/mounts", step::VerifyMounts{});
}

void plan_console(Draft& draft, Console which) {
  const oci::Process& process = draft.process;
  if (process.terminal) {
    step::MakeConsole console;
    console.device = which != Console::joined && draft.own_mounts();
    console.makes_device = !host_dev_is_bound(draft.config);
    console.controlling = which == Console::own;
    if (process.consoleSize) {
      console.rows = static_cast<std::uint16_t>(process.consoleSize->height);
      console.columns = static_cast<std::uint16_t>(process.consoleSize->width);
    }
    console.owner = process.user.uid;
    if (which != Console::joined) console.label = draft.linux_.mountLabel;
    draft.add(Actor::init, "/process/terminal", console);
  }
  const bool has_home =
      std::any_of(process.env.begin(), process.env.end(),
                  [](const std::string& e) { return e.starts_with("HOME=") && e.size() > 5; });
  if (!has_home) draft.add(Actor::init, "/process/env", step::FindHome{process.user.uid});
}

}  // namespace tare::runtime
