// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/remove.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <thread>

#include "base/progress.h"
#include "base/story.h"
#include "base/text.h"
#include "cgroups/hierarchy/members.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::cgroups {

namespace {

using Clock = std::chrono::steady_clock;

Call<void> remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || is_gone(errno)) return {};
  return Fault::last("rmdir");
}

// Children first. If a child cannot be removed now, rmdir(2) of its parent fails.
Call<void> remove_below(const Directory& directory) {
  const Call<UniqueFd> top = open_directory(directory);
  if (!top.ok()) return is_gone(top.error().error) ? Call<void>{} : Call<void>{top.error()};
  return walk_tree(top->get(), {[](int) { return Call<void>{}; },
                                [](int parent, const std::string& name) {
                                  (void)::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
                                  return Call<void>{};
                                }});
}

bool may_pass(const Call<void>& removed) {
  return !removed.ok() && (removed.error().error == EBUSY || removed.error().error == EINTR);
}

// A killed process leaves its cgroup only after some time.
Call<void> remove_tree(const Directory& directory, Clock::time_point deadline) {
  constexpr std::chrono::microseconds longest_pause{5000};
  const std::string path = full_path(directory);
  std::optional<Progress> progress;
  for (std::chrono::microseconds pause{50};; pause = std::min(pause * 2, longest_pause)) {
    Call<void> removed = remove_directory(path);
    if (!may_pass(removed)) return removed;
    TRY(remove_below(directory));
    removed = remove_directory(path);
    if (!may_pass(removed) || Clock::now() >= deadline) return removed;
    if (!progress) progress.emplace("remove cgroup " + path + ", which still has processes");
    std::this_thread::sleep_for(pause);
    progress->look();
  }
}

// EBUSY or ENOENT of a parent is no error: another container may use it, or have removed it.
void remove_made_parents(const Directory& directory) {
  std::string path = directory.path;
  for (unsigned i = 1; i < directory.made; ++i) {
    path.resize(path.rfind('/'));
    if (path.empty() || ::rmdir((directory.mount + path).c_str()) != 0) return;
  }
}

std::string processes_hint(const Directory& directory) {
  const auto pids = processes({directory});
  if (!pids.ok() || pids->empty()) return {};
  return "still " + std::to_string(pids->size()) + " process(es) in it, one is " +
         std::to_string(pids->front());
}

Result<void> remove_one(const Directory& directory, Clock::time_point deadline) {
  const story::Step told([&] { return "remove cgroup " + full_path(directory); });
  if (!is_safe(directory)) {
    return Error(quote(full_path(directory)) + " is not a container's cgroup: not removed");
  }
  // An existing directory is not the container's (runtime.md "Delete").
  const Call<void> removed =
      directory.made > 0 ? remove_tree(directory, deadline) : remove_below(directory);
  if (!removed.ok()) {
    return Error(removed.error(), "remove cgroup " + printable(full_path(directory)))
        .with_hint(processes_hint(directory));
  }
  remove_made_parents(directory);
  return {};
}

bool remove_if_empty(const Directory& directory) {
  if (directory.made == 0 || !is_safe(directory)) return false;
  const story::Step told([&] { return "remove cgroup " + full_path(directory); });
  if (!remove_directory(full_path(directory)).ok()) return false;
  remove_made_parents(directory);
  return true;
}

}  // namespace

bool remove_empty(const std::vector<Directory>& directories) {
  return std::all_of(directories.rbegin(), directories.rend(), remove_if_empty);
}

Result<void> remove_cgroups(const std::vector<Directory>& directories,
                            std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Result<void> first;
  for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory) {
    Result<void> removed = remove_one(*directory, deadline);
    if (!removed.ok() && first.ok()) first = std::move(removed);
  }
  return first;
}

}  // namespace tare::cgroups
