// SPDX-License-Identifier: Apache-2.0
//
// Reasons for refusals of the kernel to a container's process: limits, scheduling, labels.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"
#include "runtime/errors/cause.h"

namespace tare::runtime {

namespace {

// The first line of a file of the kernel; nothing if it cannot be read.
std::optional<std::string> line_of(int directory, const char* path) {
  const Call<std::string> text = read_kernel_file(directory, path);
  if (!text.ok()) return std::nullopt;
  return text->substr(0, text->find_first_of(std::string_view("\n\0", 2)));
}

}  // namespace

// do_prlimit() of kernel/sys.c.
std::string cause_of_rlimit(const step::SetRlimit& step) {
  if (step.resource == RLIMIT_NOFILE) {
    const std::string most = line_of(AT_FDCWD, "/proc/sys/fs/nr_open").value_or("");
    const auto number = parse_number<std::uint64_t>(most);
    if (number && step.hard > *number) return "fs.nr_open is " + most;
  }
  rlimit own{};
  const auto resource = static_cast<__rlimit_resource>(step.resource);
  if (::getrlimit(resource, &own) != 0 || own.rlim_max >= step.hard) return "";
  return "the hard limit of tare itself is " + std::to_string(own.rlim_max) + ", and " +
         without_capability(CAP_SYS_RESOURCE,
                            "CAP_SYS_RESOURCE raises it in the first user namespace only");
}

// __sched_setscheduler() of kernel/sched/syscalls.c: with realtime groups (v1), each has a share.
std::string cause_of_scheduler(const step::SetScheduler& step,
                               const std::vector<cgroups::Directory>& cgroup) {
  std::string missing = without_capability(CAP_SYS_NICE, "");
  const bool realtime = step.policy == SCHED_FIFO || step.policy == SCHED_RR;
  if (!missing.empty() || !realtime) return missing;
  for (const cgroups::Directory& directory : cgroup) {
    if (directory.version != 1 || !contains(directory.controllers, "cpu")) continue;
    const std::string file = cgroups::full_path(directory) + "/cpu.rt_runtime_us";
    if (line_of(AT_FDCWD, file.c_str()) == "0") return printable(file) + " is 0";
  }
  return "";
}

namespace {

// The label that confines tare itself, by the name of its file below /proc/self/attr.
std::string own_label(int root, const char* file) {
  return quote(line_of(root, (std::string("proc/self/attr/") + file).c_str()).value_or(""));
}

// A line of it is "docker-default (enforce)".
std::optional<bool> is_loaded(int root, const std::string& profile) {
  const Call<std::string> profiles =
      read_kernel_file(root, "sys/kernel/security/apparmor/profiles");
  if (!profiles.ok()) return std::nullopt;
  for (const std::string_view line : split(*profiles, '\n')) {
    if (line.substr(0, line.rfind(" (")) == profile) return true;
  }
  return false;
}

std::string cause_of_profile(int error, const step::SetLabel& step, int root) {
  const std::string& profile = step.read_back;  // empty: of another namespace, not visible
  const std::optional<bool> loaded = profile.empty() ? std::nullopt : is_loaded(root, profile);
  if (error == ENOENT || loaded == false) return "the profile is not loaded";
  if (!loaded) return "";
  return "the profile is loaded; tare itself runs under " + own_label(root, "apparmor/current") +
         ", which does not let it change to it";
}

// A write to selinuxfs shows whether the policy has a context.
std::string cause_of_context(const step::SetLabel& step, int root) {
  const Call<UniqueFd> file = open_at(root, "sys/fs/selinux/context", O_RDWR);
  if (!file.ok()) return "";
  const Call<void> known = write_all(file->get(), step.text);
  if (!known.ok() && known.error().error == EINVAL) return "the loaded policy has no such context";
  if (!known.ok()) return "";
  return "the loaded policy has this context; tare itself runs as " + own_label(root, "current") +
         ", which it does not let change to it";
}

}  // namespace

std::string cause_of_label(int error, const step::SetLabel& step, int root) {
  if (error == EBADMSG) return "the kernel has taken something else";
  return step.file.starts_with("apparmor/") ? cause_of_profile(error, step, root)
                                            : cause_of_context(step, root);
}

}  // namespace tare::runtime
