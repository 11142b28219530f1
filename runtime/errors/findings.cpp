// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/findings.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/text.h"
#include "oci/config/sysctl.h"
#include "oci/document.h"
#include "runtime/errors/cause.h"
#include "runtime/host/user_namespace.h"
#include "runtime/plan/capabilities.h"

namespace tare::runtime {

namespace {

using Findings = std::vector<std::string>;

std::string kernel_text(const std::string& path) {
  const std::string text = read_kernel_file(AT_FDCWD, path.c_str()).value_or("");
  return std::string(without_newline(text));
}

// ---- privileges ---------------------------------------------------------------------------------

struct Needed {
  std::string_view call;
  int capability;
};
constexpr Needed needed[] = {
    {"mknodat", CAP_MKNOD},
    {"fchownat", CAP_CHOWN},
    {"fchown", CAP_CHOWN},
    {"setresuid", CAP_SETUID},
    {"setresgid", CAP_SETGID},
    {"setgroups", CAP_SETGID},
    {"chroot", CAP_SYS_CHROOT},
    {"prlimit64", CAP_SYS_RESOURCE},
    {"sched_setattr", CAP_SYS_NICE},
    {"ioprio_set", CAP_SYS_ADMIN},
    {"kill", CAP_KILL},
};

// Mounts, namespaces and hostnames need this one.
int capability_for(std::string_view call) {
  const auto row = std::ranges::find(needed, call, &Needed::call);
  return row == std::end(needed) ? CAP_SYS_ADMIN : row->capability;
}

void add_privileges(std::string_view call, Findings& found) {
  const int number = capability_for(call);
  const std::uint64_t bit = std::uint64_t{1} << number;
  const bool held = (own_capabilities() & bit) != 0;
  found.push_back(std::string("tare ") + (held ? "holds " : "does not hold ") +
                  capability_names(bit) + ", run as user " + std::to_string(::geteuid()) + ".");
  const auto map = read_id_map(::getpid(), user_ids);
  constexpr std::uint32_t all = 4294967295U;
  if (map.ok() && !(map->size() == 1 && map->front().size == all)) {
    found.emplace_back("tare runs in a user namespace of its own, not in the initial one.");
  }
  if (is_filtered()) found.emplace_back("A seccomp filter is in force on tare itself.");
  const std::string modules = kernel_text("/sys/kernel/security/lsm");
  if (!modules.empty()) found.push_back("Security modules: " + printable(modules) + ".");
}

// ---- paths --------------------------------------------------------------------------------------

// The deepest directory on the way that is there.
std::string existing_part(std::string path) {
  struct stat status {};
  while (path.size() > 1 && ::stat(path.c_str(), &status) != 0) {
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
  }
  return path;
}

void add_source(const oci::Failure& failure, const oci::Mount& mount, Findings& found) {
  if (mount.source.empty()) return;
  const bool is_absolute = mount.source.front() == '/';
  if (!is_absolute && failure.bundle.empty()) return;
  const std::string path =
      lexically_clean(is_absolute ? mount.source : failure.bundle + "/" + mount.source);
  const std::string there = existing_part(path);
  found.push_back(there == path ? shortened(path) + " exists now."
                                : shortened(there) + " exists, " + shortened(path) + " does not.");
}

void add_type(const oci::Mount& mount, Findings& found) {
  const std::string types = kernel_text("/proc/filesystems");
  const auto lines = split(types, '\n');
  const bool known = std::ranges::any_of(
      lines, [&](std::string_view line) { return line.substr(line.find('\t') + 1) == mount.type; });
  found.push_back(quote(mount.type) + (known ? " is" : " is not") + " in /proc/filesystems.");
}

void add_room(Findings& found) {
  const std::string mounts = read_mountinfo().value_or("");
  const auto count = split(mounts, '\n').size();
  found.push_back("This mount namespace has " + std::to_string(count) +
                  " mounts, and fs.mount-max is " + kernel_text("/proc/sys/fs/mount-max") + ".");
}

bool is_bind(const oci::Mount& mount) {
  return contains(mount.options, "bind") || contains(mount.options, "rbind") ||
         mount.type == "bind";
}

void add_mount(const oci::Failure& failure, const std::string& value, Findings& found) {
  const std::string error = failure.problem.errno_name.value_or("");
  if (error == "ENOSPC") add_room(found);
  const Result<oci::MountList> mount = oci::decode_mounts(value);
  if (!mount.ok() || mount->is_array || mount->mounts.size() != 1) return;
  if (is_bind(mount->mounts.front())) {
    add_source(failure, mount->mounts.front(), found);
  } else if (error == "ENODEV") {
    add_type(mount->mounts.front(), found);
  }
}

// ---- kernel parameters --------------------------------------------------------------------------

void add_sysctl(std::string_view origin, Findings& found) {
  const std::string key(origin.substr(origin.rfind('/') + 1));
  if (!oci::is_sysctl_key(key)) return;
  const std::string path = "/proc/sys/" + oci::sysctl_path(key);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    found.push_back("The host has no " + shortened(path) + ".");
  } else {
    found.push_back("On the host " + shortened(key) + " is " + shortened(kernel_text(path)) + ".");
  }
}

}  // namespace

std::vector<std::string> findings(const oci::Failure& failure, const std::string& value) {
  const oci::Problem& problem = failure.problem;
  const std::string origin = problem.origin.value_or("");
  const std::string error = problem.errno_name.value_or("");
  Findings found;
  if (origin.starts_with("/mounts/")) add_mount(failure, value, found);
  if (origin.starts_with("/linux/sysctl/")) add_sysctl(origin, found);
  if (error == "EPERM" || error == "EACCES") add_privileges(failure.call, found);
  utsname system{};
  if (::uname(&system) == 0) {
    found.push_back(std::string("Linux ") + system.release + " on " + system.machine + ".");
  }
  return found;
}

}  // namespace tare::runtime
