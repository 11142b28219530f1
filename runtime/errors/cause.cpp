// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/cause.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "runtime/host/probes.h"
#include "runtime/host/user_namespace.h"
#include "runtime/plan/capabilities.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

namespace {

// The value of a sysctl without its newline; empty if the kernel does not have it.
std::string sysctl(const std::string& path) {
  const std::string text = read_kernel_file(AT_FDCWD, ("/proc/sys/" + path).c_str()).value_or("");
  return text.substr(0, text.find('\n'));
}

std::vector<const NamespaceKind*> kinds_of(std::uint64_t namespaces) {
  std::vector<const NamespaceKind*> kinds;
  for (std::uint64_t flag = 1; flag != 0; flag <<= 1) {
    const NamespaceKind* kind = (namespaces & flag) != 0 ? kind_of_flag(flag) : nullptr;
    if (kind != nullptr) kinds.push_back(kind);
  }
  return kinds;
}

// ENOSPC, user_namespaces(7): a limit of the caller, in its user namespace or in a parent.
std::string limits_of(std::uint64_t namespaces) {
  const oci::Abilities made = probe_namespaces();
  std::vector<std::string> reached;
  for (const NamespaceKind* kind : kinds_of(namespaces)) {
    const auto found = made.find(kind->word);
    if (found == made.end() || found->second.works) continue;
    const std::string name = std::string("user.max_") + kind->proc_name + "_namespaces";
    std::string words =
        name + " is " + sysctl("user/max_" + std::string(kind->proc_name) + "_namespaces");
    // The kernel returns the same errno for both, and does not show the depth of a namespace
    // inside.
    const bool nests = kind->flag == CLONE_NEWUSER || kind->flag == CLONE_NEWPID;
    if (nests && !words.ends_with(" is 0")) words += ", and not more than 32 of them nest";
    // An unprivileged user needs a user namespace for each of the others.
    if (kind->flag == CLONE_NEWUSER) return words;
    reached.push_back(std::move(words));
  }
  return reached.empty() ? "there was no room for it then, but there is by now"
                         : join(reached, ", ");
}

// "cgroup /sys/fs/cgroup/pids/a is full: pids.max is 5", for a cgroup on the way up. `left`
// processes have been in it and are gone by now.
std::string full_cgroup(const std::string& mount, std::string path, unsigned left = 0) {
  for (;; path.resize(path.rfind('/'))) {
    const auto number = [at = mount + path](const char* file) {
      const std::string text = read_kernel_file(AT_FDCWD, (at + file).c_str()).value_or("");
      return parse_number<std::uint64_t>(without_newline(text));
    };
    const auto limit = number("/pids.max");
    const auto current = number("/pids.current");
    if (limit && current && *current + left >= *limit) {
      return "cgroup " + printable(mount + path) + " is full: pids.max is " +
             std::to_string(*limit);
    }
    if (path.empty() || path == "/") return "";
  }
}

// Init is cloned into a v2 cgroup. It moves into a v1 cgroup later, which no limit prevents.
std::string full_cgroup(const std::vector<cgroups::Directory>& container) {
  for (const cgroups::Directory& directory : container) {
    std::string full = directory.version == 2 ? full_cgroup(directory.mount, directory.path) : "";
    if (!full.empty()) return full;
  }
  const Result<cgroups::Layout> layout = cgroups::probe();
  if (!layout.ok()) return "";
  for (const cgroups::Hierarchy& hierarchy : layout->hierarchies) {
    std::string full = full_cgroup(hierarchy.mount, hierarchy.own);
    if (!full.empty()) return full;
  }
  return "";
}

// EAGAIN of the whole system: the fourth field of /proc/loadavg is "RUNNING/ALL".
std::string full_system() {
  const std::string load = read_kernel_file(AT_FDCWD, "/proc/loadavg").value_or("");
  const std::size_t slash = load.find('/');
  if (slash == std::string::npos) return "";
  const auto threads = parse_number<std::uint64_t>(
      std::string_view(load).substr(slash + 1, load.find(' ', slash) - slash - 1));
  constexpr std::uint64_t reserved_pids = 300;  // kernel/pid.c: lower pids are used only once
  constexpr std::pair<const char*, std::uint64_t> limits[] = {{"kernel/threads-max", 0},
                                                              {"kernel/pid_max", reserved_pids}};
  for (const auto& [name, reserved] : limits) {
    const auto limit = parse_number<std::uint64_t>(sysctl(name));
    if (!threads || !limit || *threads + reserved < *limit) continue;
    return "the system has " + std::to_string(*threads) + " threads, and kernel." +
           (name + std::strlen("kernel/")) + " is " + std::to_string(*limit);
  }
  return "";
}

// EAGAIN, clone(2): a limit of a cgroup around tare, of the system, or else of the user.
std::string limits_of_processes(const std::vector<cgroups::Directory>& cgroup) {
  std::string full = full_cgroup(cgroup);
  if (full.empty()) full = full_system();
  if (!full.empty()) return full;
  rlimit own{};
  ::getrlimit(RLIMIT_NPROC, &own);
  if (own.rlim_cur == RLIM_INFINITY) return "a cgroup above those that are seen here is full";
  return "user " + std::to_string(::getuid()) +
         " has as many processes as it may: RLIMIT_NPROC is " + std::to_string(own.rlim_cur);
}

struct Barrier {
  const char* path;
  const char* value;
  const char* words;
};
// Settings that forbid users to create namespaces.
constexpr Barrier barriers[] = {
    {"kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0"},
    {"kernel/apparmor_restrict_unprivileged_userns", "1",
     "kernel.apparmor_restrict_unprivileged_userns is 1"},
};

std::string not_mapped(const char* kind, std::uint32_t id) {
  return join(
      {"tare's own ", kind, " id ", std::to_string(id), " is not mapped in its user namespace"},
      "");
}

bool is_mapped(const IdKind& kind, std::uint32_t id) {
  const auto own = read_id_map(::getpid(), kind);
  return own.ok() && std::ranges::any_of(*own, [&](const oci::IDMapping& range) {
           return id >= range.containerID && id - range.containerID < range.size;
         });
}

Call<struct statx> look_at_root() {
  struct statx root {};
  constexpr unsigned wanted = STATX_INO | STATX_MNT_ID;
  if (::statx(AT_FDCWD, "/", 0, wanted, &root) != 0) return Fault::last("statx");
  return root;
}

// setns(2) to a mount namespace changes the root to that of the namespace, even if the caller is
// already in it.
Call<bool> leave_chroot() {
  const struct statx own = TRY(look_at_root());
  const UniqueFd mounts = TRY(open_at(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY));
  TRY(sys::setns(mounts.get(), CLONE_NEWNS));
  const struct statx whole = TRY(look_at_root());
  return own.stx_mnt_id != whole.stx_mnt_id || own.stx_ino != whole.stx_ino;
}

// In a chroot the root is not a mount, or is not the root of the mount namespace.
bool is_in_chroot() {
  const auto mounts = read_mounts();
  const auto is_root = [](const MountLine& line) { return line.point == "/"; };
  if (mounts.ok() && std::ranges::none_of(*mounts, is_root)) return true;
  const Call<pid_t> child = sys::clone3(clone_args{.exit_signal = SIGCHLD});
  if (child.ok() && *child == 0) ::_exit(leave_chroot().value_or(false) ? 1 : 0);
  return child.ok() && exit_status(reap(*child)) == 1;
}

// EPERM, clone(2).
std::string refusal_of(std::uint64_t namespaces) {
  const bool privileged = (own_capabilities() & (std::uint64_t{1} << CAP_SYS_ADMIN)) != 0;
  const bool new_user = (namespaces & CLONE_NEWUSER) != 0;
  if (!new_user && !privileged) {
    return without_capability(CAP_SYS_ADMIN, "") + ", and there is no new user namespace";
  }
  for (const Barrier& barrier : barriers) {
    if (!privileged && sysctl(barrier.path) == barrier.value) return barrier.words;
  }
  if (new_user && !is_mapped(user_ids, ::geteuid())) return not_mapped("user", ::geteuid());
  if (new_user && !is_mapped(group_ids, ::getegid())) return not_mapped("group", ::getegid());
  if (new_user && is_in_chroot()) {
    return "tare is in a chroot, which may not create a user namespace";
  }
  if (is_filtered()) return "a seccomp filter restricts tare itself";
  return "a security module refused it";
}

// EINVAL: the kernel was built without kinds that /proc/self/ns does not list.
std::string missing_kinds(std::uint64_t namespaces) {
  std::vector<std::string> missing;
  for (const NamespaceKind* kind : kinds_of(namespaces)) {
    const std::string path = std::string("/proc/self/ns/") + kind->proc_name;
    if (::access(path.c_str(), F_OK) != 0) missing.emplace_back(kind->word);
  }
  if (missing.empty()) return "";
  return "the kernel does not support namespaces of kind " + join(missing, ", ");
}

}  // namespace

bool is_filtered() {
  const std::string status = read_proc(::getpid(), "status").value_or("");
  return status_field(status, "Seccomp") == "2";
}

std::string cause_of_clone(int error, std::uint64_t namespaces,
                           const std::vector<cgroups::Directory>& cgroup) {
  switch (error) {
    case ENOSPC:
      return limits_of(namespaces);
    case EAGAIN:
      return limits_of_processes(cgroup);
    case EPERM:
      return refusal_of(namespaces);
    case EINVAL:
      return missing_kinds(namespaces);
    default:
      return "";
  }
}

// The process that forked was in the cgroup, and has exited since.
std::string cause_of_fork(const std::vector<cgroups::Directory>& cgroup) {
  for (const cgroups::Directory& directory : cgroup) {
    std::string full = full_cgroup(directory.mount, directory.path, 1);
    if (!full.empty()) return full;
  }
  return limits_of_processes({});
}

std::string without_capability(int capability, std::string otherwise) {
  if ((own_capabilities() & (std::uint64_t{1} << capability)) != 0) return otherwise;
  const std::vector<std::string> names = known_capabilities();
  const auto number = static_cast<std::size_t>(capability);
  return "tare does not hold " + (number < names.size() ? names[number] : "the capability");
}

}  // namespace tare::runtime
