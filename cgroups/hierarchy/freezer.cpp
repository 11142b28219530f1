// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/freezer.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "base/progress.h"
#include "base/story.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::cgroups {

const Directory* freezer_of(const std::vector<Directory>& directories) {
  for (const Directory& directory : directories) {
    if (directory.version == 1 && contains(directory.controllers, "freezer")) return &directory;
  }
  for (const Directory& directory : directories) {
    if (directory.version == 2) return &directory;
  }
  return nullptr;
}

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

Call<bool> is_thawed_v1(int directory) {
  return TRY(read_record(directory, "freezer.state")) == "THAWED\n";
}

Call<bool> is_frozen_v1(int directory) {
  return TRY(read_record(directory, "freezer.state")) == "FROZEN\n";
}

bool says_frozen(std::string_view events) {
  const auto lines = split(events, '\n');
  return std::find(lines.begin(), lines.end(), "frozen 1") != lines.end();
}

// A task that forks while it is being frozen can leave the state at FREEZING for ever. Writing
// FROZEN again makes the kernel check again; sometimes only a short thaw helps a stuck task.
Call<void> freeze_v1(int directory, Clock::time_point deadline, Progress& progress) {
  constexpr int tries_between_thaws = 50;
  constexpr microseconds longest_pause{1000};
  microseconds pause{5};
  for (int tries = 1;; ++tries) {
    TRY(write_kernel_file(directory, "freezer.state", "FROZEN"));
    if (TRY(is_frozen_v1(directory))) return {};
    if (Clock::now() >= deadline) return Fault{ETIMEDOUT, "write"};
    if (tries % tries_between_thaws == 0) {
      TRY(write_kernel_file(directory, "freezer.state", "THAWED"));
    }
    std::this_thread::sleep_for(pause);
    progress.look();
    pause = std::min(pause * 2, longest_pause);
  }
}

Call<void> set_v2(int directory, bool frozen, Clock::time_point deadline, Progress& progress) {
  const UniqueFd events = TRY(open_at(directory, "cgroup.events", O_RDONLY));
  TRY(write_kernel_file(directory, "cgroup.freeze", frozen ? "1" : "0"));
  // The kernel raises POLLPRI when the contents of the file have changed.
  while (says_frozen(TRY(read_again(events.get()))) != frozen) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Fault{ETIMEDOUT, "poll"};
    pollfd change{events.get(), POLLPRI, 0};
    if (progress.await({&change, 1}, static_cast<int>(left)) < 0 && errno != EINTR) {
      return Fault::last("poll");
    }
  }
  return {};
}

Call<void> thaw_v1(int directory, Clock::time_point deadline, Progress& progress) {
  TRY(write_kernel_file(directory, "freezer.state", "THAWED"));
  while (!TRY(is_thawed_v1(directory))) {
    if (Clock::now() >= deadline) return Fault{ETIMEDOUT, "write"};
    std::this_thread::sleep_for(microseconds{200});
    progress.look();
  }
  return {};
}

Error no_freezer(const std::vector<Directory>& directories) {
  constexpr auto kind = Error::Kind::unsupported;
  if (directories.empty()) return Error(kind, "the container has no cgroup that could be frozen");
  return Error(kind, "no cgroup of the container has a freezer")
      .with_hint("tare info lists the cgroup hierarchies of this host");
}

// Undoes the changes of a failed freeze.
Call<void> freeze_or_undo(int version, int directory, Clock::time_point deadline,
                          Progress& progress) {
  Call<void> frozen = version == 1 ? freeze_v1(directory, deadline, progress)
                                   : set_v2(directory, true, deadline, progress);
  if (frozen.ok()) return frozen;
  // The first failure is the one to report.
  if (version == 1) {
    (void)write_kernel_file(directory, "freezer.state", "THAWED");
  } else {
    (void)write_kernel_file(directory, "cgroup.freeze", "0");
  }
  return frozen;
}

}  // namespace

Call<bool> is_frozen(int version, int directory) {
  if (version == 1) return !TRY(is_thawed_v1(directory));
  if (TRY(read_record(directory, "cgroup.freeze")) == "1\n") return true;
  return says_frozen(TRY(read_record(directory, "cgroup.events")));
}

Result<bool> is_frozen(const std::vector<Directory>& directories) {
  const Directory* directory = freezer_of(directories);
  if (directory == nullptr) return false;
  const auto read = [&]() -> Call<bool> {
    const UniqueFd fd = TRY(open_directory(*directory));
    return is_frozen(directory->version, fd.get());
  };
  const Call<bool> frozen = read();
  if (frozen.ok()) return *frozen;
  if (is_gone(frozen.error().error)) return false;
  return in_directory(frozen.error(), "read the freezer of", *directory);
}

Result<void> freeze(const std::vector<Directory>& directories, milliseconds timeout) {
  const Directory* directory = freezer_of(directories);
  if (directory == nullptr) return no_freezer(directories);
  const story::Step told([&] { return "freeze " + full_path(*directory); });
  Progress progress("freeze " + full_path(*directory));
  const auto set = [&]() -> Call<void> {
    const UniqueFd fd = TRY(open_directory(*directory));
    return freeze_or_undo(directory->version, fd.get(), Clock::now() + timeout, progress);
  };
  const Call<void> frozen = set();
  if (!frozen.ok()) return in_directory(frozen.error(), "freeze", *directory);
  return {};
}

Result<void> thaw(const std::vector<Directory>& directories, milliseconds timeout) {
  const Directory* directory = freezer_of(directories);
  if (directory == nullptr) return no_freezer(directories);
  const story::Step told([&] { return "thaw " + full_path(*directory); });
  const auto deadline = Clock::now() + timeout;
  Progress progress("thaw " + full_path(*directory));
  const auto set = [&]() -> Call<void> {
    const UniqueFd fd = TRY(open_directory(*directory));
    return directory->version == 1 ? thaw_v1(fd.get(), deadline, progress)
                                   : set_v2(fd.get(), false, deadline, progress);
  };
  const Call<void> thawed = set();
  if (!thawed.ok()) return in_directory(thawed.error(), "thaw", *directory);
  return {};
}

Result<void> thaw_all(const std::vector<Directory>& directories) {
  const Directory* directory = freezer_of(directories);
  if (directory == nullptr || directory->version == 2) return {};
  const auto thaw_below = [&]() -> Call<void> {
    const UniqueFd fd = TRY(open_directory(*directory));
    return walk_tree(fd.get(), {[](int cgroup) -> Call<void> {
                       Call<void> thawed = write_kernel_file(cgroup, "freezer.state", "THAWED");
                       if (!thawed.ok() && is_gone(thawed.error().error)) return {};
                       return thawed;
                     }});
  };
  const Call<void> thawed = thaw_below();
  if (thawed.ok() || is_gone(thawed.error().error)) return {};
  return in_directory(thawed.error(), "thaw", *directory);
}

}  // namespace tare::cgroups
