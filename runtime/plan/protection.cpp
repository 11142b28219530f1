// SPDX-License-Identifier: Apache-2.0
//
// Kernel parameters and protected paths, in the finished mount tree before init enters it.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "oci/config/sysctl.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/labels.h"
#include "runtime/plan/visible.h"

namespace tare::runtime {

namespace {

step::ProtectedPath protected_path(const Draft& draft, const std::string& path) {
  return {InsidePath(path), kernel_mount_of(draft.config.mounts, path)};
}

// Calls `plan` with the index of each path of the list, once for each distinct path.
template <class Plan>
void for_each_path(const std::vector<std::string>& paths, const Plan& plan) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (seen.insert(paths[i]).second) plan(i);
  }
}

// A mount that a mask hides completely has no name to verify.
void plan_verification(Draft& draft) {
  const auto& mounts = draft.config.mounts;
  const auto& masked = draft.linux_.maskedPaths;
  step::VerifyMounts verify;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const std::string& place = mounts[i].destination;
    const auto hides = [&](const std::string& path) { return is_at_or_below(place, path); };
    if (!shows_kernel(mounts, i) || std::any_of(masked.begin(), masked.end(), hides)) continue;
    verify.destinations.emplace_back(place);
  }
  draft.add<Actor::init>("/mounts", std::move(verify));
}

}  // namespace

void plan_protection(Draft& draft) {
  for (const auto& [key, value] : draft.linux_.sysctl) {
    draft.add<Actor::init>(pointer("/linux/sysctl", key),
                           step::WriteSysctl{key, oci::sysctl_path(key), value});
  }
  const auto& read_only = draft.linux_.readonlyPaths;
  for_each_path(read_only, [&](std::size_t i) {
    if (read_only[i] == "/") return;  // plan_enter_root
    draft.add<Actor::init>(pointer("/linux/readonlyPaths", i),
                           step::ReadonlyPath{protected_path(draft, read_only[i])});
  });
  const auto& masked = draft.linux_.maskedPaths;
  const auto label = mount_label(draft);
  for_each_path(masked, [&](std::size_t i) {
    draft.add<Actor::init>(pointer("/linux/maskedPaths", i),
                           step::MaskPath{protected_path(draft, masked[i]), label});
  });
  if (!draft.process.cwd.empty() && draft.process.cwd != "/") {
    draft.add<Actor::init>("/process/cwd", step::MakeDirectory{InsidePath(draft.process.cwd)});
  }
  if (draft.own_mounts()) plan_verification(draft);
}

}  // namespace tare::runtime
