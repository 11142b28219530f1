// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/do/id_maps.h"
#include "runtime/do/namespace_files.h"
#include "runtime/steps/namespace_kinds.h"
#include "runtime/steps/namespaces.h"

namespace tare::runtime {

namespace {

Error wrong_namespace(const std::string& what) {
  return Error(Error::Kind::config, what);
}

}  // namespace

Result<void> perform(const step::OpenNamespace& step, LaunchContext& context) {
  // O_NONBLOCK because the path may be a fifo.
  UniqueFd fd = TRY(open_at(AT_FDCWD, step.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const int type = ::ioctl(fd.get(), NS_GET_NSTYPE);
  if (type < 0) return wrong_namespace("is not a namespace");
  if (static_cast<std::uint64_t>(type) != clone_flag(step.type)) {
    const NamespaceKind* kind = kind_of_flag(static_cast<std::uint64_t>(type));
    return wrong_namespace(std::string("is a ") + (kind != nullptr ? kind->word : "unknown") +
                           " namespace, wanted " + kind_of(step.type).word);
  }
  if (step.not_the_hosts && TRY(is_own_namespace(fd.get(), step.type))) {
    return wrong_namespace("is the host's own, and this config would change it")
        .with_hint(std::string("without the namespace it has the host's: what it sets in the ") +
                   kind_of(step.type).word + " namespace must go, too");
  }
  context.namespaces[static_cast<std::size_t>(step.slot)] = std::move(fd);
  return {};
}

Call<void> perform(const step::JoinNamespace& step, LaunchContext& context) {
  return sys::setns(context.joined(step.slot), static_cast<int>(clone_flag(step.type)));
}

// Only children of the caller enter the new namespace, and the clocks can be set until the first
// one does (time_namespaces(7)).
Call<void> perform(const step::TimeOffsets& step, LaunchContext&) {
  TRY(sys::unshare(CLONE_NEWTIME));
  return write_kernel_file(AT_FDCWD, "/proc/self/timens_offsets", step.text);
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

Result<void> perform(const step::WriteMappings& step, LaunchContext& context) {
  if (step.deny_groups) {
    TRY(write_proc(context.init, "setgroups", "deny").because("deny setgroups"));
  }
  TRY(write_id_map(context.init, group_ids, step.gid_map, step.gids));
  return write_id_map(context.init, user_ids, step.uid_map, step.uids);
}

namespace {

Call<void> drop_groups(LaunchContext& context) {
  // EPERM: the namespace denies setgroups(2), so the caller's groups stay.
  if (::setgroups(0, nullptr) == 0) return {};
  if (errno != EPERM) return Fault::last("setgroups");
  context.groups_are_denied = true;
  return {};
}

}  // namespace

// EOVERFLOW, user_namespaces(7): a process without an id in the namespace cannot own files there.
void LaunchContext::note_cause(int error) {
  if (error != EOVERFLOW || (has_uid_0 && has_gid_0)) return;
  set_note(has_uid_0 ? "the user namespace has no mapping for gid 0, which would own it"
                     : "the user namespace has no mapping for uid 0, which would own it");
}

Call<void> perform(const step::BecomeRoot& step, LaunchContext& context) {
  TRY(sys::set_dumpable(false));  // a user's init was not, to be mapped
  if (step.groups) TRY(drop_groups(context));
  // Without a mapping of id 0 init cannot become root. It keeps the capabilities that it was
  // created with.
  context.has_gid_0 = ::setresgid(0, 0, 0) == 0;
  if (!context.has_gid_0 && errno != EINVAL) return Fault::last("setresgid");
  context.has_uid_0 = ::setresuid(0, 0, 0) == 0;
  if (!context.has_uid_0 && errno != EINVAL) return Fault::last("setresuid");
  return {};
}

}  // namespace tare::runtime
