// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/mount_copy.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

namespace {

constexpr int directory_only = O_PATH | O_DIRECTORY;

Call<void> change_directory(int directory) {
  if (::fchdir(directory) != 0) return Fault::last("fchdir");
  return {};
}

Call<void> change_root(int root) {
  TRY(change_directory(root));
  if (::chroot(".") != 0) return Fault::last("chroot");
  return {};
}

Call<UniqueFd> root_of(pid_t process) {
  const std::string link = "/proc/" + std::to_string(process) + "/root";
  return open_at(AT_FDCWD, link.c_str(), directory_only);
}

Call<LaunchContext::Place> here(bool with_root) {
  LaunchContext::Place place;
  place.mounts = TRY(open_at(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY));
  place.directory = TRY(open_at(AT_FDCWD, ".", directory_only));
  if (with_root) place.root = TRY(open_at(AT_FDCWD, "/", directory_only));
  return place;
}

}  // namespace

Call<void> perform(const step::EnterMountCopy& step, LaunchContext& context) {
  LaunchContext::Place place = TRY(here(step.keeps_root));
  UniqueFd same_root;
  if (step.keeps_root) same_root = TRY(root_of(context.init));
  TRY(sys::setns(context.init_pidfd.get(), CLONE_NEWNS));
  context.own_place = std::move(place);
  return same_root ? change_root(same_root.get()) : Call<void>();
}

Call<void> come_back(LaunchContext& context) {
  if (!context.own_place) return {};
  const LaunchContext::Place& place = *context.own_place;
  TRY(sys::setns(place.mounts.get(), CLONE_NEWNS));
  if (place.root) TRY(change_root(place.root.get()));
  TRY(change_directory(place.directory.get()));
  context.own_place.reset();
  return {};
}

Call<void> perform(const step::LeaveMountCopy&, LaunchContext& context) {
  context.hands_trees = true;
  return come_back(context);
}

}  // namespace tare::runtime
