// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"

namespace tare {

namespace {

std::string proc_path(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

}  // namespace

Call<std::string> read_proc(pid_t pid, const char* name) {
  return read_kernel_file(AT_FDCWD, proc_path(pid, name).c_str());
}

Call<void> write_proc(pid_t pid, const char* name, std::string_view value) {
  return write_kernel_file(AT_FDCWD, proc_path(pid, name).c_str(), value);
}

std::string_view status_field(std::string_view status, std::string_view name) {
  for (const std::string_view line : split(status, '\n')) {
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    const std::size_t begin = line.find_first_not_of(" \t", name.size() + 1);
    return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
  }
  return {};
}

namespace {

Call<std::string> read_stat(pid_t pid) {
  return read_record(AT_FDCWD, proc_path(pid, "stat").c_str());
}

}  // namespace

std::optional<ProcessStatus> parse_stat(std::string_view stat) {
  // The second field is a name in parentheses that may contain anything, including parentheses.
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = split(stat.substr(name_end + 2), ' ');
  constexpr std::size_t threads_field = 20 - 3;  // counted from the third
  constexpr std::size_t start_time_field = 22 - 3;
  if (fields.size() <= start_time_field || fields[0].empty()) return std::nullopt;
  ProcessStatus status;
  status.state = fields[0][0];
  status.threads = parse_number<int>(fields[threads_field]).value_or(0);
  status.start_time = parse_number<std::uint64_t>(fields[start_time_field]).value_or(0);
  constexpr std::size_t exit_code_field = 52 - 3;
  if (fields.size() > exit_code_field) {
    const std::string_view last = fields[exit_code_field];  // it ends the line
    status.wait_status = parse_number<int>(last.substr(0, last.find('\n'))).value_or(0);
  }
  return status;
}

namespace {

// Without a procfs there is no file either.
bool is_missing(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::optional<ProcessStatus> process_status(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const Call<std::string> stat = read_stat(pid);
  return stat.ok() ? parse_stat(*stat) : std::nullopt;
}

Call<bool> is_running(pid_t pid, std::uint64_t start_time) {
  if (pid <= 0) return false;
  const Call<std::string> stat = read_stat(pid);
  if (!stat.ok()) {
    const int error = stat.error().error;
    if (error == ESRCH || (error == ENOENT && is_missing(pid))) return false;
    return stat.error();
  }
  const auto status = parse_stat(*stat);
  if (!status || status->start_time != start_time || status->state == 'X') return false;
  return status->state != 'Z' || status->threads > 1;
}

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

int exit_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::vector<char*> execve_list(const std::vector<std::string>& strings, const std::string& last) {
  std::vector<char*> list;
  list.reserve(strings.size() + 2);
  for (const auto& string : strings) list.push_back(const_cast<char*>(string.c_str()));
  if (!last.empty()) list.push_back(const_cast<char*>(last.c_str()));
  list.push_back(nullptr);
  return list;
}

Call<std::string> boot_id() {
  static std::string known;  // it stays the same while a process lives
  if (known.empty()) {
    const std::string id = TRY(read_record(AT_FDCWD, "/proc/sys/kernel/random/boot_id"));
    known = without_newline(id);
  }
  return known;
}

}  // namespace tare
