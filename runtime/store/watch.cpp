// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/watch.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/file.h"
#include "cgroups/hierarchy/freezer.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::runtime {

namespace {

// By descriptor, so that no name is looked up twice.
Call<void> watch(int inotify, int directory, const std::string& name, std::uint32_t mask) {
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + name;
  if (::inotify_add_watch(inotify, path.c_str(), mask) < 0) return Fault::last("inotify_add_watch");
  return {};
}

}  // namespace

Result<LifecycleWatch> LifecycleWatch::open(const Container& container) {
  LifecycleWatch lifecycle;
  const auto begin = [&]() -> Call<void> {
    lifecycle.inotify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!lifecycle.inotify_) return Fault::last("inotify_init1");
    const int inotify = lifecycle.inotify_.get();
    TRY(watch(inotify, container.entry.directory(), "", IN_DELETE));
    const auto directories = container.cgroup();
    const cgroups::Directory* freezer = cgroups::freezer_of(directories);
    if (freezer == nullptr) return {};
    const UniqueFd directory = TRY(cgroups::open_directory(*freezer));
    if (freezer->version == 1) return watch(inotify, directory.get(), "/freezer.state", IN_MODIFY);
    lifecycle.events_ = TRY(open_at(directory.get(), "cgroup.events", O_RDONLY));
    return {};
  };
  TRY(begin().because("watch container " + container.entry.id()));
  lifecycle.rearm();
  return lifecycle;
}

void LifecycleWatch::rearm() {
  std::array<char, 4096> taken;
  while (::read(inotify_.get(), taken.data(), taken.size()) > 0) {
  }
  // Without the cgroup there is nothing to wait for.
  if (events_ && !read_again(events_.get()).ok()) events_.reset();
}

}  // namespace tare::runtime
