// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"

namespace tare {

std::optional<ProcessStatus> process_status(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const Call<std::string> stat = read_kernel_file(AT_FDCWD, path.c_str());
  if (!stat.ok()) return std::nullopt;
  // The second field is a name in parentheses that may hold anything, also parentheses.
  const std::size_t name_end = stat->rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = split(std::string_view(*stat).substr(name_end + 2), ' ');
  constexpr std::size_t start_time_field = 22 - 3;  // counted from the third
  if (fields.size() <= start_time_field || fields[0].empty()) return std::nullopt;
  ProcessStatus status;
  status.state = fields[0][0];
  status.start_time = parse_number<std::uint64_t>(fields[start_time_field]).value_or(0);
  return status;
}

bool is_running(pid_t pid, std::uint64_t start_time) {
  const auto status = process_status(pid);
  return status && status->start_time == start_time && status->state != 'Z' && status->state != 'X';
}

Call<std::string> boot_id() {
  std::string id = TRY(read_kernel_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id"));
  while (id.ends_with('\n')) id.pop_back();
  return id;
}

}  // namespace tare
