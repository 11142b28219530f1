// SPDX-License-Identifier: Apache-2.0
//
// Unmounts in a running container. The path of a descriptor comes from the host's procfs, which
// tare opens before it joins the container's mount namespace, because the container's /proc may be
// false.
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/do/inside.h"
#include "runtime/do/procfs.h"
#include "runtime/do/trees.h"
#include "runtime/steps/mounts.h"
#include "runtime/steps/streams.h"

namespace tare::runtime {

namespace {

// The path as seen from the root of the calling process: the container's root, once it has joined.
Call<std::string> place_of(const LaunchContext& context, int fd) {
  std::array<char, PATH_MAX> place;
  const std::string name = std::to_string(fd);
  const ssize_t length =
      ::readlinkat(context.descriptors.get(), name.c_str(), place.data(), place.size());
  if (length < 0) return Fault::last("readlinkat");
  if (static_cast<std::size_t>(length) == place.size()) return Fault{ENAMETOOLONG, "readlinkat"};
  return std::string(place.data(), static_cast<std::size_t>(length));
}

// The planner has checked the text of the path, but a link in the container may lead here.
bool is_kept(const step::FindMount& step, std::string_view place) {
  const bool in_proc = place == "/proc" || place.starts_with("/proc/");
  const bool in_sys = place == "/sys" || place.starts_with("/sys/");
  return place == "/" || in_sys || (in_proc && !step.covers_procfs);
}

// The path of the mount, without symbolic links. No descriptor stays open: it would keep the mount
// busy.
Call<std::string> find_mount(const step::FindMount& step, LaunchContext& context) {
  const int flags = O_PATH | (step.onto_link ? O_NOFOLLOW : 0);
  const UniqueFd present = TRY(context.inside.open(step.destination, flags));
  struct statx status {};
  if (::statx(present.get(), "", AT_EMPTY_PATH, STATX_TYPE, &status) != 0) {
    return Fault::last("statx");
  }
  std::string place = TRY(place_of(context, present.get()));
  if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0 || !place.starts_with('/')) {
    context.set_note("is no mount point");
    return Fault{EINVAL, "statx"};
  }
  if (is_kept(step, place)) {
    context.set_note("leads to " + place);
    return Fault{EPERM, "readlinkat"};
  }
  return place;
}

}  // namespace

Call<void> perform(const step::FindMount& step, LaunchContext& context) {
  (void)TRY(find_mount(step, context));
  return {};
}

Call<void> perform(const step::Unmount& step, LaunchContext& context) {
  const std::string place = TRY(find_mount(step.mount, context));
  const std::size_t slash = place.rfind('/');
  const InsidePath above(place.substr(0, slash));
  const UniqueFd parent = TRY(context.inside.open_without_links(above, O_PATH | O_DIRECTORY));
  if (::fchdir(parent.get()) != 0) return Fault::last("fchdir");
  const int flags = UMOUNT_NOFOLLOW | (step.lazy ? MNT_DETACH : 0);
  if (::umount2(place.c_str() + slash + 1, flags) == 0) return {};
  if (errno == EBUSY) context.set_note("is in use");
  return Fault::last("umount2");
}

void take_mounts_back(LaunchContext& context) {
  auto& mounts = context.taken_back;
  if (mounts.empty() || ::fchdir(context.descriptors.get()) != 0) return;
  for (; !mounts.empty(); mounts.pop_back()) {
    // Errors are ignored: the error that led here is reported, and the container may have unmounted
    // it already.
    (void)::umount2(std::to_string(mounts.back().mount.get()).c_str(), MNT_DETACH);
  }
}

}  // namespace tare::runtime
