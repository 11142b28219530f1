// SPDX-License-Identifier: Apache-2.0
//
// Namespaces, cgroup, session, names, ids: who the calling process is to the kernel.
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/labels.h"
#include "runtime/do/launch_context.h"
#include "runtime/steps/cgroups.h"
#include "runtime/steps/namespace_kinds.h"
#include "runtime/steps/namespaces.h"
#include "runtime/steps/process.h"
#include "runtime/steps/terminal.h"

namespace tare::runtime {

Call<void> perform(const step::JoinNamespace& step, LaunchContext& context) {
  return sys::setns(context.joined(step.slot), static_cast<int>(clone_flag(step.type)));
}

// Only children of the caller enter the new namespace, and the clocks can be set until one does
// (time_namespaces(7)).
Call<void> perform(const step::TimeOffsets& step, LaunchContext&) {
  TRY(sys::unshare(CLONE_NEWTIME));
  return write_kernel_file(AT_FDCWD, "/proc/self/timens_offsets", step.text);
}

// A process with one thread that moves itself by `tasks` takes no lock that waits for an RCU grace
// period (Linux 5.19); cgroup.procs costs 7 to 10 ms on an idle machine.
Call<void> perform(const step::EnterCgroup&, LaunchContext& context) {
  for (const UniqueFd& tasks : context.cgroup_entries) {
    if (::write(tasks.get(), "0", 1) != 1) return Fault::last("write(tasks)");
  }
  context.cgroup_entries.clear();
  return {};
}

// The kernel cuts the mask to what there is, and to the cpuset.
Call<void> perform(const step::AllCpus&, LaunchContext&) {
  std::array<unsigned long, 8192 / (8 * sizeof(unsigned long))> all;
  all.fill(~0UL);
  return sys::sched_setaffinity(all);
}

Call<void> perform(const step::FinalCpus& step, LaunchContext&) {
  return sys::sched_setaffinity(step.cpus);
}

Call<void> perform(const step::JoinContainer& step, LaunchContext& context) {
  return sys::setns(context.container.get(), static_cast<int>(step.namespaces));
}

Call<void> perform(const step::NewCgroupNamespace&, LaunchContext&) {
  return sys::unshare(CLONE_NEWCGROUP);
}

Call<void> perform(const step::NewMountNamespace&, LaunchContext&) {
  return sys::unshare(CLONE_NEWNS);
}

Call<void> perform(const step::NewSession&, LaunchContext&) {
  if (::setsid() < 0) return Fault::last("setsid");
  return {};
}

Call<void> perform(const step::SessionKeyring& step, LaunchContext& context) {
  if (!step.label.empty()) {
    TRY(write_attribute(context.attributes.get(), "keycreate", step.label));
  }
  const long key = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, step.name.c_str());
  if (key < 0 && errno == ENOSYS) return {};  // a kernel without keyrings has none to protect
  if (key < 0) {
    if (errno == EDQUOT) context.set_note("the user's quota of keys is used up (/proc/key-users)");
    return Fault::last("keyctl");
  }
  // The possessor may search it for keys (keyctl(1) setperm); without that nothing in the container
  // finds its own keys.
  constexpr unsigned long possessor_all = 0x3f000000;
  constexpr unsigned long user_view_search = 0x00090000;
  if (::syscall(SYS_keyctl, KEYCTL_SETPERM, key, possessor_all | user_view_search) != 0) {
    return Fault::last("keyctl");
  }
  if (step.label.empty()) return {};
  return write_attribute(context.attributes.get(), "keycreate", "");  // as it was
}

Call<void> perform(const step::LoopbackUp&, LaunchContext&) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return Fault::last("socket");
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return Fault::last("ioctl");
  return {};
}

Call<void> perform(const step::SetHostname& step, LaunchContext&) {
  if (::sethostname(step.name.data(), step.name.size()) != 0) return Fault::last("sethostname");
  return {};
}

Call<void> perform(const step::SetDomainname& step, LaunchContext&) {
  if (::setdomainname(step.name.data(), step.name.size()) != 0) return Fault::last("setdomainname");
  return {};
}

namespace {

Call<void> drop_groups(LaunchContext& context) {
  // EPERM: the namespace denies setgroups(2). The groups of the caller stay, as nobody can drop
  // them.
  if (::setgroups(0, nullptr) == 0) return {};
  if (errno != EPERM) return Fault::last("setgroups");
  context.groups_are_denied = true;
  return {};
}

}  // namespace

// EOVERFLOW, user_namespaces(7): who has no id in the namespace can own nothing there.
void LaunchContext::note_cause(int error) {
  if (error != EOVERFLOW || (has_uid_0 && has_gid_0)) return;
  set_note(has_uid_0 ? "the user namespace has no mapping for gid 0, which would own it"
                     : "the user namespace has no mapping for uid 0, which would own it");
}

Call<void> perform(const step::BecomeRoot& step, LaunchContext& context) {
  ::prctl(PR_SET_DUMPABLE, 0);  // a user's init was not, to be mapped
  if (step.groups) TRY(drop_groups(context));
  // A namespace without a 0 has no root to become; init keeps the capabilities that it was born
  // with.
  context.has_gid_0 = ::setresgid(0, 0, 0) == 0;
  if (!context.has_gid_0 && errno != EINVAL) return Fault::last("setresgid");
  context.has_uid_0 = ::setresuid(0, 0, 0) == 0;
  if (!context.has_uid_0 && errno != EINVAL) return Fault::last("setresuid");
  return {};
}

}  // namespace tare::runtime
