// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/sysctls.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include <algorithm>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/procfs.h"
#include "runtime/look/child.h"

namespace tare::runtime {

namespace {

// A config does not set values longer than a page.
constexpr std::size_t value_limit = 4096;

// Writes "PATH\0VALUE\0" for each. Paths and values in /proc/sys contain no NUL.
Call<void> tell_values(int proc, const std::vector<std::string>& paths, int output) {
  for (const std::string& path : paths) {
    constexpr std::uint64_t confined = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const Call<UniqueFd> file = sys::openat2(proc, path.c_str(), O_RDONLY | O_NOCTTY, confined);
    if (!file.ok()) continue;
    const Call<std::string> value = read_to_end(file->get(), value_limit);
    if (!value.ok() || value->find('\0') != std::string::npos) continue;
    TRY(write_all(output, path + '\0' + *value + '\0'));
  }
  return {};
}

std::map<std::string, std::string> values_of(std::string_view text) {
  std::map<std::string, std::string> values;
  const auto parts = split(text, '\0');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    values[std::string(parts[i])] = std::string(without_newline(parts[i + 1]));
  }
  return values;
}

}  // namespace

Result<std::map<std::string, std::string>> read_sysctls(int init, std::uint64_t namespaces,
                                                        const std::vector<std::string>& paths) {
  const std::string why = "read the container's kernel parameters";
  const UniqueFd proc = TRY(open_in_procfs("sys", O_PATH | O_DIRECTORY, 0).because(why));
  const auto tell = [&](int output) -> Call<void> {
    if (namespaces != 0) TRY(sys::setns(init, static_cast<int>(namespaces)));
    return tell_values(proc.get(), paths, output);
  };
  const std::string told =
      TRY(read_from_child(why, why + ": setns", (paths.size() + 1) * 2 * value_limit, tell));
  return values_of(told);
}

}  // namespace tare::runtime
