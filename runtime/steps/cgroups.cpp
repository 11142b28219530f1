// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/cgroups.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string MakeCgroup::words() const {
  const char* which[] = {"", " (v1)", " (v2)"};
  return "make cgroup " + (directories.empty() ? "" : shortened(directories.front().path)) +
         which[static_cast<std::size_t>(versions)];
}

std::string OpenCgroup::words() const {
  return "open cgroup " + (directories.empty() ? "" : shortened(directories.front().path));
}

std::string StartScope::words() const {
  return "start " + scope.unit + " in " + scope.slice +
         (scope.subgroup.empty() ? "" : " with the cgroup " + quote(scope.subgroup));
}

std::string LimitCgroup::words() const {
  std::string words = "limit the cgroup:";
  for (const auto& write : limits) words += " " + write.file + "=" + printable(write.value);
  return words;
}

std::string RestrictDevices::words() const {
  return "restrict devices";
}

std::string DelegateCgroup::words() const {
  return "give the cgroup " + (below.empty() ? "" : quote(below) + " ") + "to uid " +
         std::to_string(uid);
}

std::string DivideCgroup::words() const {
  return "move init to the cgroup " + quote(name) + " below its own";
}

std::string EnterCgroup::words() const {
  return "enter the cgroup";
}

std::string EnterFullCgroup::words() const {
  return "enter the cgroup that counts processes";
}

}  // namespace tare::runtime::step
