// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/probes.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "base/file.h"
#include "base/kernel_abi.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "oci/config/namespaces.h"
#include "runtime/host/resctrl_root.h"
#include "runtime/host/user_namespace.h"
#include "runtime/plan/capabilities.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

namespace {

using oci::Ability;

Ability ability(const Call<void>& called) {
  if (called.ok()) return {true, ""};
  const Fault& fault = called.error();
  return {false, std::string(fault.call) + ": " + errno_name(fault.error)};
}

Call<void> called(long result, const char* call) {
  if (result < 0) return Fault::last(call);
  return {};
}

// A child that exits at once.
Call<void> clone_and_end(clone_args arguments) {
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = TRY(sys::clone3(arguments));
  if (pid == 0) ::_exit(0);
  (void)reap(pid);
  return {};
}

Call<void> probe_openat2() {
  (void)TRY(sys::openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT));
  return {};
}

Call<void> probe_mount_api() {
  const UniqueFd filesystem = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
  (void)TRY(sys::fsmount(filesystem.get(), MOUNT_ATTR_NODEV));
  return {};
}

Call<void> probe_mount_setattr() {
  const UniqueFd tree = TRY(sys::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return sys::mount_setattr(tree.get(), 0, attributes);
}

// tare's own cgroup in the v2 hierarchy; nothing without one.
std::string own_v2_cgroup() {
  const Result<cgroups::Layout> layout = cgroups::probe();
  if (!layout.ok()) return "";
  for (const cgroups::Hierarchy& hierarchy : layout->hierarchies) {
    if (hierarchy.version == 2) return hierarchy.mount + hierarchy.own;
  }
  return "";
}

Ability probe_clone_into_cgroup() {
  const std::string path = own_v2_cgroup();
  if (path.empty()) return {false, "no cgroup v2 is mounted"};
  const Call<UniqueFd> cgroup = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!cgroup.ok()) return ability(cgroup.error());
  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.cgroup = static_cast<std::uint64_t>(cgroup->get());
  return ability(clone_and_end(arguments));
}

Call<void> probe_pidfd_getfd() {
  const UniqueFd self = TRY(sys::pidfd_open(::getpid()));
  (void)TRY(sys::pidfd_getfd(self.get(), self.get()));
  return {};
}

// A pidfd shows the exit status even to a process that is not the parent, after the parent has
// reaped the child.
Call<void> probe_exit_info() {
  constexpr int status = 7;
  const pid_t pid = TRY(sys::clone3(clone_args{.exit_signal = SIGCHLD}));
  if (pid == 0) ::_exit(status);
  const Call<UniqueFd> pidfd = sys::pidfd_open(pid);
  (void)reap(pid);
  if (!pidfd.ok()) return pidfd.error();
  const std::optional<int> told = TRY(sys::pidfd_wait_status(pidfd->get()));
  return told && WEXITSTATUS(*told) == status ? Call<void>{} : Fault{ENODATA, "ioctl"};
}

Call<void> probe_seccomp_action(std::uint32_t action) {
  return called(::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), "seccomp");
}

// With a known flag the kernel gets as far as the filter, which is missing.
Call<void> probe_seccomp_flag(unsigned long flags) {
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr);
  if (result < 0 && errno == EFAULT) return {};
  return called(result, "seccomp");
}

Call<void> probe_io_priority() {
  const long now = ::syscall(SYS_ioprio_get, kernel::ioprio_who_process, 0);
  TRY(called(now, "ioprio_get"));
  return called(::syscall(SYS_ioprio_set, kernel::ioprio_who_process, 0, now), "ioprio_set");
}

Call<void> probe_memory_policy() {
  constexpr int by_default = 0;
  return called(::syscall(SYS_set_mempolicy, by_default, nullptr, 0), "set_mempolicy");
}

Ability probe_resctrl() {
  const auto root = open_resctrl();
  if (!root.ok()) return {false, root.error().message()};
  return root->has_value() ? Ability{true, "mounted"} : Ability{false, "not mounted"};
}

Ability probe_cgroup_kill() {
  const std::string path = own_v2_cgroup();
  if (path.empty()) return {false, "no cgroup v2 is mounted"};
  if (path.ends_with('/')) return {false, "tare is in the root cgroup, which has no such file"};
  return ability(called(::access((path + "/cgroup.kill").c_str(), F_OK), "access"));
}

struct Probe {
  const char* name;
  Ability (*look)();
};
constexpr Probe probes[] = {
    {"cgroup.kill", probe_cgroup_kill},
    {"clone3 into a cgroup", probe_clone_into_cgroup},
    {"executable memory files",
     [] {
       const Call<UniqueFd> memory = sys::executable_memory("tare-info");
       return memory.ok() ? Ability{true, ""} : ability(memory.error());
     }},
    {"I/O priorities", [] { return ability(probe_io_priority()); }},
    {"memory policy", [] { return ability(probe_memory_policy()); }},
    {"mount API", [] { return ability(probe_mount_api()); }},
    {"mount_setattr", [] { return ability(probe_mount_setattr()); }},
    {"openat2", [] { return ability(probe_openat2()); }},
    {"pidfd exit info", [] { return ability(probe_exit_info()); }},
    {"pidfd_getfd", [] { return ability(probe_pidfd_getfd()); }},
    {"resctrl", probe_resctrl},
    {"seccomp flag LOG", [] { return ability(probe_seccomp_flag(SECCOMP_FILTER_FLAG_LOG)); }},
    {"seccomp flag SPEC_ALLOW",
     [] { return ability(probe_seccomp_flag(SECCOMP_FILTER_FLAG_SPEC_ALLOW)); }},
    {"seccomp flag TSYNC", [] { return ability(probe_seccomp_flag(SECCOMP_FILTER_FLAG_TSYNC)); }},
    {"seccomp flag WAIT_KILLABLE_RECV",
     [] {
       return ability(probe_seccomp_flag(SECCOMP_FILTER_FLAG_NEW_LISTENER |
                                         kernel::seccomp_filter_flag_wait_killable_recv));
     }},
    {"seccomp notify", [] { return ability(probe_seccomp_action(SECCOMP_RET_USER_NOTIF)); }},
};

bool is_privileged() {
  return (own_capabilities() >> CAP_SYS_ADMIN & 1) != 0;
}

// File systems without a device that hold somebody's files.
constexpr std::string_view of_files[] = {"tmpfs", "overlay", "ramfs", "nfs",  "nfs4",
                                         "cifs",  "smb3",    "9p",    "ceph", "virtiofs"};

// The file system types that need no device.
bool is_without_device(std::string_view filesystems, std::string_view type) {
  return filesystems.find("nodev\t" + std::string(type) + "\n") != std::string_view::npos;
}

Ability probe_idmapped_mount(const std::string& mount_point, int users) {
  const Call<UniqueFd> tree = sys::open_tree(AT_FDCWD, mount_point.c_str(), OPEN_TREE_CLONE);
  if (!tree.ok()) return ability(tree.error());
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(users);
  Ability found = ability(sys::mount_setattr(tree->get(), 0, attributes));
  found.detail += (found.detail.empty() ? "" : ", ") + std::string("at ") + printable(mount_point);
  return found;
}

}  // namespace

oci::Abilities probe_features() {
  oci::Abilities found;
  for (const Probe& probe : probes) found[probe.name] = probe.look();
  return found;
}

oci::Abilities probe_namespaces() {
  oci::Abilities found;
  for (const auto& entry : oci::Names<oci::NamespaceType>::table) {
    clone_args arguments{};
    arguments.flags = clone_flag(entry.value) | (is_privileged() ? 0U : CLONE_NEWUSER);
    found[kind_of(entry.value).word] = ability(clone_and_end(arguments));
  }
  return found;
}

oci::Abilities probe_idmapped_mounts() {
  oci::Abilities found;
  const auto mounts = read_mountinfo().value_or("");
  const auto filesystems = read_kernel_file(AT_FDCWD, "/proc/filesystems").value_or("");
  const Call<UniqueFd> users = make_user_namespace("0 100000 65536\n", "0 100000 65536\n");
  for (const MountLine& mount : parse_mountinfo(mounts)) {
    const bool holds_files = !is_without_device(filesystems, mount.type) ||
                             std::ranges::find(of_files, mount.type) != std::end(of_files);
    const bool known = found.contains(mount.type) && found[mount.type].works;
    if (!holds_files || known) continue;
    found[mount.type] =
        users.ok() ? probe_idmapped_mount(mount.point, users->get()) : ability(users.error());
  }
  return found;
}

}  // namespace tare::runtime
