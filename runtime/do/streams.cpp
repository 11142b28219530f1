// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/file.h"
#include "runtime/do/context.h"
#include "runtime/do/inside.h"
#include "runtime/do/procfs.h"
#include "runtime/host/user_namespace.h"
#include "runtime/steps/streams.h"

namespace tare::runtime {

namespace {

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

// The host's /dev/null as standard input would be a file outside the container. The container's own
// replaces it, if it is a null device: a link or another file in its place is not used
// (CVE-2026-88265).
Call<void> take_own_null(const LaunchContext& context, int fd) {
  const Call<UniqueFd> own =
      context.inside.open_without_links(InsidePath("/dev/null"), O_RDWR | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (!own.ok() || ::fstat(own->get(), &status) != 0 || !is_null_device(status)) return {};
  if (::fcntl(own->get(), F_SETFL, 0) != 0) return Fault::last("fcntl");
  if (::dup2(own->get(), fd) < 0) return Fault::last("dup2");
  return {};
}

// A pipe without a name, because a fifo of the host belongs to somebody there.
bool is_pipe(int fd, const struct stat& status) {
  struct statfs filesystem {};
  return S_ISFIFO(status.st_mode) && ::fstatfs(fd, &filesystem) == 0 &&
         filesystem.f_type == PIPEFS_MAGIC;
}

}  // namespace

// Lets the program open /dev/stdout again. Only for pipes: a file, a terminal or /dev/null belongs
// to somebody on the host (CVE-2026-88265).
Call<void> perform(const step::OwnStdio& step, LaunchContext& context) {
  for (int fd = 0; fd <= 2; ++fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) continue;
    if (is_null_device(status)) TRY(take_own_null(context, fd));
    if (!is_pipe(fd, status) || status.st_uid == step.uid) continue;
    // EPERM, EINVAL: an owner outside the user namespace stays; the program may still write.
    if (::fchown(fd, step.uid, static_cast<gid_t>(-1)) != 0 && errno != EPERM && errno != EINVAL &&
        errno != EROFS) {
      return Fault::last("fchown");
    }
  }
  return {};
}

namespace {

// The uid outside the user namespace of this process; nothing if it is not mapped.
std::optional<std::uint32_t> host_uid(pid_t pid, std::uint32_t uid) {
  const Call<std::vector<oci::IDMapping>> map = read_id_map(pid, user_ids);
  if (!map.ok()) return std::nullopt;
  for (const oci::IDMapping& line : *map) {
    if (uid >= line.containerID && uid - line.containerID < line.size) {
      return line.hostID + (uid - line.containerID);
    }
  }
  return std::nullopt;
}

}  // namespace

Result<void> perform(const step::OwnPipes& step, LaunchContext& context) {
  const pid_t pid = step.of_container ? static_cast<pid_t>(context.state.pid) : context.init;
  const auto uid = host_uid(pid, step.uid);
  if (!uid) return {};  // SetUser reports that the user is not mapped
  for (const int fd : context.streams) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !is_pipe(fd, status) || status.st_uid == *uid) continue;
    if (::fchown(fd, *uid, static_cast<gid_t>(-1)) != 0) return Fault::last("fchown");
  }
  return {};
}

Call<void> perform(const step::TakeStreams&, LaunchContext& context) {
  for (int fd = 0; fd <= 2; ++fd) {
    const int stream = context.streams[static_cast<std::size_t>(fd)];
    if (stream != fd && ::dup2(stream, fd) < 0) return Fault::last("dup2");
  }
  return {};
}

Call<void> perform(const step::OpenDescriptors&, LaunchContext& context) {
  context.descriptors = TRY(open_in_procfs("thread-self/fd", O_PATH | O_DIRECTORY, 0));
  return {};
}

}  // namespace tare::runtime
