// SPDX-License-Identifier: Apache-2.0
#include "oci/config/hooks.h"

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

template <class Check>
void for_each_hook(const Hooks& hooks, const Place& place, const Check& check_hook) {
  for_each_row(fields(Of<Hooks>{}), [&](const auto& field) {
    const Place list(place, field.name);
    const std::vector<Hook>& of_kind = hooks.*field.member;
    for (std::size_t i = 0; i < of_kind.size(); ++i) check_hook(of_kind[i], Place(list, i));
  });
}

// config.md, "POSIX-platform Hooks": the path is absolute.
void hook_paths(const Hooks& hooks, const Place& place, Problems& problems) {
  for_each_hook(hooks, place, [&](const Hook& hook, const Place& at) {
    if (hook.path.starts_with('/')) return;
    problems.add(Place(at, "path"), "must be an absolute path, is " + quote(hook.path));
  });
}

// config.md, "POSIX-platform Hooks": a timeout is greater than zero.
void hook_timeouts(const Hooks& hooks, const Place& place, Problems& problems) {
  for_each_hook(hooks, place, [&](const Hook& hook, const Place& at) {
    if (hook.timeout.value_or(1) > 0) return;
    problems.add(Place(at, "timeout"),
                 "must be above 0 seconds, is " + std::to_string(*hook.timeout));
  });
}

}  // namespace

void check(const Hooks& hooks, const Place& place, Problems& problems) {
  hook_paths(hooks, place, problems);
  hook_timeouts(hooks, place, problems);
}

}  // namespace tare::oci
