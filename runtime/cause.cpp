// SPDX-License-Identifier: Apache-2.0
#include "runtime/cause.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "runtime/plan/capabilities.h"
#include "runtime/plan/namespace_kinds.h"

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

// ENOSPC, user_namespaces(7).
std::string limits_of(std::uint64_t namespaces) {
  std::vector<std::string> zero;
  std::vector<std::string> limits;
  for (const NamespaceKind* kind : kinds_of(namespaces)) {
    const std::string name = std::string("max_") + kind->proc_name + "_namespaces";
    const std::string limit = sysctl("user/" + name);
    if (limit == "0") zero.push_back("user." + name + " is 0");
    if (!limit.empty()) limits.push_back(join({"user.", name, "=", limit}, ""));
  }
  if (!zero.empty()) return join(zero, ", ");
  return "a limit is reached (" + join(limits, " ") + "), or namespaces nest deeper than 32";
}

// EAGAIN, clone(2): of the user, of the system, or of one of the cgroups around tare.
std::string limits_of_processes() {
  rlimit own{};
  ::getrlimit(RLIMIT_NPROC, &own);
  const std::string of_user =
      own.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(own.rlim_cur);
  return "a limit on processes is reached: RLIMIT_NPROC is " + of_user + ", kernel.pid_max " +
         sysctl("kernel/pid_max") + ", or pids.max of a cgroup above";
}

struct Barrier {
  const char* path;
  const char* value;
  const char* words;
};
// What keeps users from namespaces of their own.
constexpr Barrier barriers[] = {
    {"kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0"},
    {"kernel/apparmor_restrict_unprivileged_userns", "1",
     "kernel.apparmor_restrict_unprivileged_userns is 1"},
};

bool is_filtered() {
  const std::string status = read_proc(::getpid(), "status").value_or("");
  return status_field(status, "Seccomp") == "2";
}

// EPERM, clone(2).
std::string refusal_of(std::uint64_t namespaces) {
  const bool privileged = (own_capabilities() & (std::uint64_t{1} << CAP_SYS_ADMIN)) != 0;
  if ((namespaces & CLONE_NEWUSER) == 0 && !privileged) {
    return without_capability(CAP_SYS_ADMIN, "") + ", and there is no new user namespace";
  }
  for (const Barrier& barrier : barriers) {
    if (!privileged && sysctl(barrier.path) == barrier.value) return barrier.words;
  }
  if (is_filtered()) return "a seccomp filter is in force on tare itself";
  if ((namespaces & CLONE_NEWUSER) != 0) return "tare is in a chroot, or its ids are not mapped";
  return "a security module has refused it";
}

// EINVAL: what /proc/self/ns does not list the kernel was built without.
std::string missing_kinds(std::uint64_t namespaces) {
  std::vector<std::string> missing;
  for (const NamespaceKind* kind : kinds_of(namespaces)) {
    const std::string path = std::string("/proc/self/ns/") + kind->proc_name;
    if (::access(path.c_str(), F_OK) != 0) missing.emplace_back(kind->word);
  }
  if (missing.empty()) return "";
  return "the kernel has no namespaces of kind " + join(missing, ", ");
}

}  // namespace

std::string cause_of_clone(int error, std::uint64_t namespaces) {
  switch (error) {
    case ENOSPC:
      return limits_of(namespaces);
    case EAGAIN:
      return limits_of_processes();
    case EPERM:
      return refusal_of(namespaces);
    case EINVAL:
      return missing_kinds(namespaces);
    default:
      return "";
  }
}

std::string without_capability(int capability, std::string otherwise) {
  if ((own_capabilities() & (std::uint64_t{1} << capability)) != 0) return otherwise;
  const std::vector<std::string> names = known_capabilities();
  const auto number = static_cast<std::size_t>(capability);
  return "tare does not hold " + (number < names.size() ? names[number] : "the capability");
}

}  // namespace tare::runtime
