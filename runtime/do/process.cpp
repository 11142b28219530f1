// SPDX-License-Identifier: Apache-2.0
//
// Attributes that init sets on itself and that execve(2) keeps, and HOME.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/sched/types.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/kernel_abi.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/context.h"
#include "runtime/do/inside.h"
#include "runtime/do/labels.h"
#include "runtime/do/passwd.h"
#include "runtime/errors/cause.h"
#include "runtime/steps/process.h"

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

// A memory policy survives execve(2).
Call<void> perform(const step::SetMemoryPolicy& step, LaunchContext&) {
  const unsigned long bits = step.nodes.size() * 8 * sizeof(unsigned long);
  const unsigned long* mask = step.nodes.empty() ? nullptr : step.nodes.data();
  // The kernel reads one bit less than the given number.
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

constexpr std::size_t passwd_limit = std::size_t{1} << 20;

std::string read_passwd(const Inside& inside) {
  // O_NONBLOCK and a check of the type, because the container's file may be a fifo or a device.
  Call<UniqueFd> file = inside.open(InsidePath("/etc/passwd"), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (!file.ok() || ::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  Call<std::string> content = read_to_end(file->get(), passwd_limit);
  return content.ok() ? std::move(content).value() : std::string();
}

}  // namespace

// Without a readable passwd HOME is "/", as for a user without an entry.
Call<void> perform(const step::FindHome& step, LaunchContext& context) {
  context.home = home_variable(read_passwd(context.inside), step.uid);
  return {};
}

Call<void> perform(const step::InitialCpus& step, LaunchContext&) {
  return sys::sched_setaffinity(step.cpus);
}

// The kernel reduces the mask to existing CPUs and to the cpuset.
Call<void> perform(const step::AllCpus&, LaunchContext&) {
  std::array<unsigned long, 8192 / (8 * sizeof(unsigned long))> all;
  all.fill(~0UL);
  return sys::sched_setaffinity(all);
}

Call<void> perform(const step::FinalCpus& step, LaunchContext&) {
  return sys::sched_setaffinity(step.cpus);
}

Call<void> perform(const step::SessionKeyring& step, LaunchContext& context) {
  if (!step.label.empty()) {
    TRY(write_attribute(context.attributes.get(), "keycreate", step.label));
  }
  const long key = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, step.name.c_str());
  // without keyrings in the kernel there is nothing to protect
  if (key < 0 && errno == ENOSYS) return {};
  if (key < 0) {
    if (errno == EDQUOT) context.set_note("the user's quota of keys is used up (/proc/key-users)");
    return Fault::last("keyctl");
  }
  // The possessor may search the keyring (keyctl(1) setperm). Otherwise no process in the container
  // would find its own keys.
  constexpr unsigned long possessor_all = 0x3f000000;
  constexpr unsigned long user_view_search = 0x00090000;
  if (::syscall(SYS_keyctl, KEYCTL_SETPERM, key, possessor_all | user_view_search) != 0) {
    return Fault::last("keyctl");
  }
  if (step.label.empty()) return {};
  return write_attribute(context.attributes.get(), "keycreate", "");  // reset
}

Result<void> perform(const step::OomScoreAdj& step, LaunchContext& context) {
  Call<void> written = write_proc(context.init, "oom_score_adj", std::to_string(step.value));
  if (written.ok()) return {};
  Error error = written.error();
  if (error.error == EACCES) {
    return std::move(error).with_hint(
        without_capability(CAP_SYS_RESOURCE, "a security module refused it"));
  }
  return error;
}

Result<void> perform(const step::SetRlimit& step, LaunchContext& context) {
  const rlimit limit{step.soft, step.hard};
  if (::prlimit(context.init, static_cast<__rlimit_resource>(step.resource), &limit, nullptr) ==
      0) {
    return {};
  }
  Error error = Fault::last("prlimit64");
  if (error.error == EPERM) {
    return std::move(error).with_hint(cause_of_rlimit(step));
  }
  return error;
}

}  // namespace tare::runtime
