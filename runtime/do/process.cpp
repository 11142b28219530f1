// SPDX-License-Identifier: Apache-2.0
//
// What init sets on itself that execve(2) keeps, and HOME.
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched/types.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/kernel_abi.h"
#include "base/text.h"
#include "runtime/do/inside.h"
#include "runtime/do/launch_context.h"
#include "runtime/do/user_namespace.h"
#include "runtime/steps/process.h"
#include "runtime/steps/streams.h"

namespace tare::runtime {

Call<void> perform(const step::SetScheduler& step, LaunchContext&) {
  sched_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.sched_policy = step.policy;
  attributes.sched_flags = step.flags;
  attributes.sched_nice = step.nice;
  attributes.sched_priority = step.priority;
  attributes.sched_runtime = step.runtime;
  attributes.sched_deadline = step.deadline;
  attributes.sched_period = step.period;
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) return Fault::last("sched_setattr");
  return {};
}

Call<void> perform(const step::SetIoPriority& step, LaunchContext&) {
  if (::syscall(SYS_ioprio_set, kernel::ioprio_who_process, 0, step.value) != 0)
    return Fault::last("ioprio_set");
  return {};
}

Call<void> perform(const step::SetPersonality& step, LaunchContext&) {
  if (::personality(step.domain) == -1) return Fault::last("personality");
  return {};
}

// The policy of a process outlives execve(2).
Call<void> perform(const step::SetMemoryPolicy& step, LaunchContext&) {
  const unsigned long bits = step.nodes.size() * 8 * sizeof(unsigned long);
  const unsigned long* mask = step.nodes.empty() ? nullptr : step.nodes.data();
  // The kernel reads one bit less than it is told.
  if (::syscall(SYS_set_mempolicy, step.mode, mask, mask == nullptr ? 0 : bits + 1) != 0) {
    return Fault::last("set_mempolicy");
  }
  return {};
}

Call<void> perform(const step::SetUmask& step, LaunchContext&) {
  ::umask(step.mask);
  return {};
}

namespace {

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

// The host's /dev/null as standard input would be a file outside of the container. Its own, if it
// is one: a link or another file in its place is left alone (CVE-2026-88265).
Call<void> take_own_null(const LaunchContext& context, int fd) {
  const Inside inside(context.root.get());
  const Call<UniqueFd> own =
      inside.open_without_links(InsidePath("/dev/null"), O_RDWR | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (!own.ok() || ::fstat(own->get(), &status) != 0 || !is_null_device(status)) return {};
  if (::fcntl(own->get(), F_SETFL, 0) != 0) return Fault::last("fcntl");
  if (::dup2(own->get(), fd) < 0) return Fault::last("dup2");
  return {};
}

}  // namespace

namespace {

// One without a name: a fifo of the host belongs to somebody there.
bool is_pipe(int fd, const struct stat& status) {
  struct statfs filesystem {};
  return S_ISFIFO(status.st_mode) && ::fstatfs(fd, &filesystem) == 0 &&
         filesystem.f_type == PIPEFS_MAGIC;
}

}  // namespace

// So that the program can open /dev/stdout again. Only pipes: a file, a terminal or /dev/null
// belongs to somebody on the host (CVE-2026-88265).
Call<void> perform(const step::OwnStdio& step, LaunchContext& context) {
  for (int fd = 0; fd <= 2; ++fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) continue;
    if (is_null_device(status)) TRY(take_own_null(context, fd));
    if (!is_pipe(fd, status) || status.st_uid == step.uid) continue;
    // EPERM, EINVAL: an owner outside of the user namespace keeps it; the program may still write.
    if (::fchown(fd, step.uid, static_cast<gid_t>(-1)) != 0 && errno != EPERM && errno != EINVAL &&
        errno != EROFS) {
      return Fault::last("fchown");
    }
  }
  return {};
}

namespace {

// What the uid is outside of the user namespace of this process; nothing if it is not mapped.
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
  if (!uid) return {};  // it cannot become that user either, and says so
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

namespace {

constexpr std::size_t passwd_limit = std::size_t{1} << 20;

// passwd(5): name:password:uid:gid:gecos:home:shell
std::string_view home_in(std::string_view passwd, std::uint32_t uid) {
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 6 || parse_number<std::uint32_t>(fields[2]) != uid) continue;
    return fields[5];
  }
  return {};
}

std::string read_passwd(const Inside& inside) {
  // O_NONBLOCK and the check of the type: the container's file may be a fifo or a device.
  Call<UniqueFd> file = inside.open(InsidePath("/etc/passwd"), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (!file.ok() || ::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  Call<std::string> content = read_to_end(file->get(), passwd_limit);
  return content.ok() ? std::move(content).value() : std::string();
}

}  // namespace

// A container without a readable passwd gets "/", as a user without an entry does.
Call<void> perform(const step::FindHome& step, LaunchContext& context) {
  const std::string passwd = read_passwd(Inside(context.root.get()));
  const std::string_view home = home_in(passwd, step.uid);
  const bool usable = home.starts_with('/') && home.find('\0') == std::string_view::npos;
  context.home = "HOME=" + std::string(usable ? home : "/");
  return {};
}

}  // namespace tare::runtime
