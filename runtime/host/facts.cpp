// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/facts.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/system.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/permitted.h"
#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/scope.h"
#include "oci/annotations.h"
#include "runtime/host/security_modules.h"
#include "runtime/host/user_namespace.h"
#include "runtime/plan/capabilities.h"

namespace tare::runtime {

namespace {

// open_tree(2) requires CAP_SYS_ADMIN over the owner of the mount namespace, which may be another
// user namespace than tare's (`unshare --user` alone).
bool owns_mount_namespace() {
  const Call<UniqueFd> mounts = open_at(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY);
  if (!mounts.ok()) return true;
  return UniqueFd(::ioctl(mounts->get(), NS_GET_USERNS)).valid();
}

// Of hierarchies, or of directories in them.
bool are_v2(const auto& places) {
  return std::ranges::all_of(places, [](const auto& place) { return place.version == 2; });
}

// The cgroup below which systemd creates its units.
Result<std::string> find_manager(const cgroups::Layout& layout, const cgroups::Scope& scope) {
  if (!scope.of_user) {
    return cgroups::manager_cgroup(
        TRY(read_kernel_file(AT_FDCWD, "/proc/1/cgroup").because("find the cgroup of systemd")));
  }
  if (!are_v2(layout.hierarchies)) {
    return Error(Error::Kind::unsupported,
                 "the systemd of a user can limit nothing where cgroup v1 is in use");
  }
  return cgroups::user_manager_cgroup();
}

Result<void> look_at_cgroups(const HostRequest& request, const oci::Config& config, Host& host) {
  if (request.cgroup_manager == CgroupManager::disabled) return {};
  const cgroups::Layout layout = TRY(cgroups::probe());
  const std::string path = config.linux_ ? config.linux_->cgroupsPath : "";
  if (request.cgroup_manager == CgroupManager::systemd) {
    host.scope = TRY(cgroups::scope_of(path, request.id, host.rootless));
    const std::string* below =
        oci::find_annotation(config.annotations, oci::annotation::systemd_subgroup);
    if (below != nullptr) host.scope->subgroup = *below;
    host.cgroup = cgroups::place(layout, *host.scope, TRY(find_manager(layout, *host.scope)));
  } else {
    host.cgroup = TRY(cgroups::place(layout, path, request.id));
  }
  // Without a cgroup, a limit is an error.
  const bool goes_without = host.rootless && !host.scope;
  std::vector<cgroups::Write> limits;
  if ((goes_without || host.cgroup.empty()) && config.linux_ && config.linux_->resources) {
    limits = TRY(cgroups::writes(*config.linux_->resources, host.cgroup));
  }
  if (goes_without) {
    host.cgroup = TRY(cgroups::permitted(layout, std::move(host.cgroup), limits));
  }
  host.cgroup_v2 = are_v2(host.cgroup);
  return {};
}

}  // namespace

void look_at_security_modules(const oci::Config& config, Host& host) {
  const bool labels_process = config.process && (!config.process->apparmorProfile.empty() ||
                                                 !config.process->selinuxLabel.empty());
  const bool labels_mounts = config.linux_ && !config.linux_->mountLabel.empty();
  if (!labels_process && !labels_mounts) return;
  const Call<UniqueFd> root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  if (!root.ok()) return;
  const SecurityModules modules = security_modules(root->get());
  host.apparmor = modules.apparmor;
  host.selinux = modules.selinux;
}

bool is_root_of_host() {
  return ::geteuid() == 0 && in_first_user_namespace();
}

namespace {

bool takes_pid_namespace_of_procfs() {
  const Call<UniqueFd> procfs = sys::fsopen("proc");
  const Call<UniqueFd> own = open_at(AT_FDCWD, "/proc/self/ns/pid", O_RDONLY);
  return procfs.ok() && own.ok() &&
         sys::fsconfig_descriptor(procfs->get(), "pidns", own->get()).ok();
}

bool joins_pid_namespace(const oci::Config& config) {
  if (!config.linux_) return false;
  const auto* pids = oci::find_namespace(config.linux_->namespaces, oci::NamespaceType::pid);
  return pids != nullptr && !pids->is_new();
}

}  // namespace

std::uint64_t own_process_limit() {
  rlimit processes{};
  return ::getrlimit(RLIMIT_NPROC, &processes) == 0 ? processes.rlim_max : RLIM_INFINITY;
}

Host look_at_caller() {
  Host host;
  host.capabilities = own_capabilities();
  host.uid = ::geteuid();
  host.gid = ::getegid();
  host.in_user_namespace = !in_first_user_namespace();
  host.takes_trees =
      host.holds(CAP_SYS_ADMIN) && (!host.in_user_namespace || owns_mount_namespace());
  host.groups_are_denied = host.in_user_namespace && groups_are_denied(::getpid());
  host.process_limit = own_process_limit();
  return host;
}

Result<Host> look_at_host(const HostRequest& request, const oci::Config& config) {
  Host host = look_at_caller();
  host.rootless = request.rootless.value_or(host.uid != 0 || host.in_user_namespace);
  look_at_security_modules(config, host);
  if (joins_pid_namespace(config)) host.takes_pids_of_procfs = takes_pid_namespace_of_procfs();
  TRY(look_at_cgroups(request, config, host));
  return host;
}

}  // namespace tare::runtime
