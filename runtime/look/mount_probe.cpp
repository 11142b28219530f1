// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/mount_probe.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/inside.h"
#include "runtime/look/child.h"
#include "runtime/steps/mount_flags.h"

namespace tare::runtime {

namespace {

struct Answer {
  std::uint64_t number = 0;
  std::uint32_t locked = 0;  // one bit for each of mount_flags
  std::uint32_t covered = 0;
};

// Runs in a child that has joined the mount namespace. Its Fault becomes the exit status.
using Task = std::function<Call<void>(const Inside& root, int output)>;

Call<void> join_mounts(const Inhabitant& inhabitant) {
  // An unprivileged user must also join the user namespace, to be allowed to join the mount
  // namespace.
  const int user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
  return sys::setns(inhabitant.pidfd, CLONE_NEWNS | user);
}

// Returns the output of the task.
Result<std::string> ask_inside(const Inhabitant& inhabitant, const std::string& why,
                               std::size_t limit, const Task& task) {
  const std::string path = "/proc/" + std::to_string(inhabitant.pid) + "/root";
  const UniqueFd root = TRY(open_at(AT_FDCWD, path.c_str(), O_PATH).because(why));
  TRY(sys::pidfd_send_signal(inhabitant.pidfd, 0).because(why));  // the pid is still that process
  return read_from_child(why, why, limit, [&](int output) -> Call<void> {
    TRY(join_mounts(inhabitant));
    return task(Inside(root.get()), output);
  });
}

bool is_locked(int copy, const MountFlag& flag) {
  mount_attr attributes{};
  attributes.attr_clr = flag.mask;
  const bool is_time = flag.mask == MOUNT_ATTR__ATIME;
  if (is_time) attributes.attr_set = MOUNT_ATTR_STRICTATIME;
  const Call<void> cleared = sys::mount_setattr(copy, 0, attributes);
  return !cleared.ok() && cleared.error().error == EPERM;
}

Answer probe(const Inside& root, const MountLine& mount) {
  Answer answer{mount.number};
  const Call<UniqueFd> place = root.open_without_links(InsidePath(mount.point), O_PATH);
  struct statx status {};
  constexpr int asks_nobody = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  const bool is_there = place.ok() &&
                        ::statx(place->get(), "", asks_nobody, STATX_MNT_ID, &status) == 0 &&
                        status.stx_mnt_id == mount.number;
  answer.covered = is_there ? 0 : 1;
  if (!is_there) return answer;
  const auto copy =
      sys::open_tree(place->get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE);
  if (!copy.ok()) return answer;  // unbindable
  std::uint32_t bit = 1;
  for (const MountFlag& flag : mount_flags) {
    if (contains(mount.options, flag.set) && is_locked(copy->get(), flag)) answer.locked |= bit;
    bit <<= 1;
  }
  return answer;
}

MountProbe probe_of(const Answer& answer) {
  MountProbe found;
  found.is_covered = answer.covered != 0;
  std::uint32_t bit = 1;
  for (const MountFlag& flag : mount_flags) {
    if ((answer.locked & bit) != 0) found.locked.emplace_back(flag.set);
    bit <<= 1;
  }
  return found;
}

}  // namespace

Result<std::map<std::uint64_t, MountProbe>> probe_mounts(const Inhabitant& inhabitant,
                                                         const std::vector<MountLine>& mounts) {
  const auto ask = [&](const Inside& root, int output) -> Call<void> {
    for (const MountLine& mount : mounts) {
      const Answer answer = probe(root, mount);
      TRY(write_all(output, {reinterpret_cast<const char*>(&answer), sizeof answer}));
    }
    return {};
  };
  const std::string text = TRY(ask_inside(inhabitant, "look into the mount namespace",
                                          (mounts.size() + 1) * sizeof(Answer), ask));
  std::map<std::uint64_t, MountProbe> probes;
  for (std::size_t at = 0; at + sizeof(Answer) <= text.size(); at += sizeof(Answer)) {
    Answer answer;
    std::memcpy(&answer, text.data() + at, sizeof answer);
    probes[answer.number] = probe_of(answer);
  }
  return probes;
}

Result<void> propagate_mount(const Inhabitant& inhabitant, const std::string& path,
                             unsigned long propagation, bool recursive) {
  const auto change = [&](const Inside& root, int) -> Call<void> {
    const UniqueFd place = TRY(root.open(InsidePath(path), O_PATH));
    mount_attr attributes{};
    attributes.propagation = propagation;
    return sys::mount_setattr(place.get(), recursive ? AT_RECURSIVE : 0, attributes);
  };
  const std::string why = "change the propagation of " + shortened(path);
  Result<std::string> done = ask_inside(inhabitant, why, 0, change);
  if (done.ok()) return {};
  Error error = std::move(done).error();
  if (error.error == EINVAL) error.hint = "nothing is mounted there";
  return error;
}

}  // namespace tare::runtime
