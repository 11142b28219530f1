// SPDX-License-Identifier: Apache-2.0
#include "cgroups/memory_events.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/text.h"

namespace tare::cgroups {

std::uint64_t oom_kills(const std::vector<Directory>& directories) {
  constexpr std::string_view key = "oom_kill ";
  for (const auto& directory : directories) {
    const auto& controllers = directory.controllers;
    if (std::find(controllers.begin(), controllers.end(), "memory") == controllers.end()) continue;
    const std::string file =
        full_path(directory) + (directory.version == 2 ? "/memory.events" : "/memory.oom_control");
    const Call<std::string> events = read_kernel_file(AT_FDCWD, file.c_str());
    if (!events.ok()) return 0;
    for (const std::string_view line : split(*events, '\n')) {
      if (!line.starts_with(key)) continue;
      return parse_number<std::uint64_t>(line.substr(key.size())).value_or(0);
    }
  }
  return 0;
}

}  // namespace tare::cgroups
