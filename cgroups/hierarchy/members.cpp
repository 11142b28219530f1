// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/members.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/story.h"
#include "base/text.h"
#include "cgroups/hierarchy/freezer.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::cgroups {

namespace {

// The pids of 4 million processes, the kernel's limit, with newlines.
constexpr std::size_t largest_list_bytes = std::size_t{32} << 20;
constexpr std::chrono::milliseconds freeze_timeout{500};

Call<void> collect(int directory, std::vector<pid_t>& pids) {
  const Call<UniqueFd> fd = open_at(directory, "cgroup.procs", O_RDONLY);
  if (!fd.ok()) return is_gone(fd.error().error) ? Call<void>{} : Call<void>{fd.error()};
  const Call<std::string> text = read_to_end(fd->get(), largest_list_bytes);
  if (!text.ok()) {
    // A threaded v2 cgroup does not list processes; its domain, a parent, does.
    const int error = text.error().error;
    const bool no_list = is_gone(error) || error == EOPNOTSUPP;
    return no_list ? Call<void>{} : Call<void>{text.error()};
  }
  for (const std::string_view line : split(*text, '\n')) {
    // 0 is a process of another pid namespace, which has no pid here.
    if (const auto pid = parse_number<pid_t>(line); pid && *pid > 0) pids.push_back(*pid);
  }
  return {};
}

const Directory* most_telling(const std::vector<Directory>& directories) {
  for (const std::string_view controller : {"pids", "memory"}) {
    for (const Directory& directory : directories) {
      if (contains(directory.controllers, controller)) return &directory;
    }
  }
  return directories.empty() ? nullptr : &directories.front();
}

// A process that exits meanwhile needs no signal. An error for one process does not stop the
// others.
Call<void> send(const std::vector<pid_t>& pids, int signal) {
  Call<void> sent;
  for (const pid_t pid : pids) {
    if (::kill(pid, signal) != 0 && errno != ESRCH) sent = Fault::last("kill");
  }
  return sent;
}

// cgroup.kill includes the cgroups below, and fork cannot escape it. False if the file does not
// exist (no v2, or before Linux 5.14) or the write is refused (threaded cgroups).
Result<bool> kill_by_v2(const std::vector<Directory>& directories) {
  for (const Directory& directory : directories) {
    if (directory.version != 2) continue;
    const Call<UniqueFd> fd = open_directory(directory);
    const Call<void> killed =
        fd.ok() ? write_kernel_file(fd->get(), "cgroup.kill", "1") : Call<void>{fd.error()};
    if (killed.ok()) return true;
    const int error = killed.error().error;
    if (is_gone(error) || error == EOPNOTSUPP) return false;
    return in_directory(killed.error(), "kill", directory);
  }
  return false;
}

Result<void> signal_each(const std::vector<Directory>& directories, int signal) {
  const std::vector<pid_t> pids = TRY(processes(directories));
  return send(pids, signal).because("signal the processes of the cgroup");
}

// Undoes a freeze on every return.
class Frozen {
 public:
  explicit Frozen(const std::vector<Directory>& directories) : directories_(directories) {
    const Result<bool> before = is_frozen(directories);
    if (before.ok() && *before) return;  // paused by its owner, who will resume it
    // Without a freezer, or if freezing takes too long, a fork bomb may be faster. Callers of
    // kill_all check that with processes().
    ours_ = freeze(directories, freeze_timeout).ok();
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  ~Frozen() { (void)release(); }

  Result<void> release() {
    if (!std::exchange(ours_, false)) return {};
    return thaw(directories_, freeze_timeout);
  }

 private:
  const std::vector<Directory>& directories_;
  bool ours_ = false;
};

Result<void> signal_frozen(const std::vector<Directory>& directories, int signal) {
  Frozen frozen(directories);
  Result<void> sent = signal_each(directories, signal);
  Result<void> thawed = frozen.release();
  return sent.ok() ? std::move(thawed) : std::move(sent);
}

}  // namespace

Call<std::vector<pid_t>> processes_below(int directory) {
  std::vector<pid_t> pids;
  TRY(walk_tree(directory, {[&](int cgroup) { return collect(cgroup, pids); }}));
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

Result<std::vector<pid_t>> processes(const std::vector<Directory>& directories) {
  const Directory* directory = most_telling(directories);
  if (directory == nullptr) return std::vector<pid_t>{};
  const Call<UniqueFd> fd = open_directory(*directory);
  if (!fd.ok() && is_gone(fd.error().error)) return std::vector<pid_t>{};
  if (!fd.ok()) return in_directory(fd.error(), "open", *directory);
  const Call<std::vector<pid_t>> pids = processes_below(fd->get());
  if (!pids.ok()) return in_directory(pids.error(), "list the processes of", *directory);
  return *pids;
}

Result<void> kill_all(const std::vector<Directory>& directories, int signal) {
  const story::Step told([&] {
    return "send signal " + std::to_string(signal) + " to all processes of " +
           (directories.empty() ? "no cgroup" : full_path(directories.front()));
  });
  if (signal != SIGKILL) return signal_frozen(directories, signal);
  const bool killed = TRY(kill_by_v2(directories));
  const bool only_v2 = directories.size() == 1 && directories.front().version == 2;
  if (killed && only_v2) return {};
  // On a hybrid host a process may be in the container's v1 cgroups but not in that of v2.
  Result<void> sent =
      killed ? signal_each(directories, signal) : signal_frozen(directories, signal);
  Result<void> thawed = thaw_all(directories);
  return sent.ok() ? std::move(thawed) : std::move(sent);
}

}  // namespace tare::cgroups
