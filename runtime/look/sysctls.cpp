// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/sysctls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/procfs.h"

namespace tare::runtime {

namespace {

// A value of more than a page is none that a config sets.
constexpr std::size_t value_limit = 4096;

// "PATH\0VALUE\0" for each; a value of /proc/sys has no NUL, and neither has a path.
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

[[noreturn]] void tell_from_inside(int init, std::uint64_t namespaces, int proc,
                                   const std::vector<std::string>& paths, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Call<void> joined =
      namespaces == 0 ? Call<void>() : sys::setns(init, static_cast<int>(namespaces));
  const Call<void> told = joined.ok() ? tell_values(proc, paths, output) : joined;
  ::_exit(told.ok() ? 0 : told.error().error);
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
  const char* why = "read the container's kernel parameters";
  const UniqueFd proc = TRY(open_in_procfs("sys", O_PATH | O_DIRECTORY, 0).because(why));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error(Fault::last("pipe2"), why);
  UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error(Fault::last("fork"), why);
  if (child == 0) tell_from_inside(init, namespaces, proc.get(), paths, input.get());
  input.reset();
  const Call<std::string> text = read_to_end(output.get(), (paths.size() + 1) * 2 * value_limit);
  output.reset();
  const int status = exit_status(reap(child));
  if (status != 0) return Error(Fault{status, "setns"}, std::string(why) + ": setns");
  const std::string told = TRY(Call<std::string>(text).because(why));
  return values_of(told);
}

}  // namespace tare::runtime
