// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/now.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <set>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/tree.h"
#include "runtime/do/inside.h"
#include "runtime/do/joined.h"
#include "runtime/look/expected_mounts.h"
#include "runtime/look/mount_relations.h"
#include "runtime/look/sysctls.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

namespace {

std::string proc_path(pid_t pid, const std::string& name) {
  return "/proc/" + (pid == 0 ? "self" : std::to_string(pid)) + "/" + name;
}

// statx(2) must not query a file system of the container, because it may not respond.
constexpr int asks_nobody = AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;

FileId id_of(const struct statx& status) {
  return {makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
}

std::optional<struct statx> status_of(int fd) {
  struct statx status {};
  if (::statx(fd, "", asks_nobody, STATX_INO | STATX_MNT_ID, &status) != 0) return std::nullopt;
  return status;
}

std::optional<FileId> file_on_host(const std::string& path) {
  const Call<UniqueFd> file = open_at(AT_FDCWD, path.c_str(), O_PATH);
  const auto status = file.ok() ? status_of(file->get()) : std::nullopt;
  return status ? std::optional(id_of(*status)) : std::nullopt;
}

// ---- namespaces ---------------------------------------------------------------------------------

std::map<oci::NamespaceType, FileId> namespaces_of(pid_t pid) {
  std::map<oci::NamespaceType, FileId> found;
  for (const auto& name : oci::Names<oci::NamespaceType>::table) {
    const std::string file = std::string("ns/") + kind_of(name.value).proc_name;
    struct stat status {};
    if (::stat(proc_path(pid, file).c_str(), &status) != 0) continue;
    found[name.value] = {status.st_dev, status.st_ino};
  }
  return found;
}

NamespacesNow look_at_namespaces(pid_t pid, const oci::Config& config) {
  NamespacesNow now;
  now.container = namespaces_of(pid);
  now.caller = namespaces_of(0);
  if (!config.linux_) return now;
  for (const oci::Namespace& entry : config.linux_->namespaces) {
    struct stat status {};
    if (entry.is_new() || ::stat(entry.path.c_str(), &status) != 0) continue;
    now.at_path[entry.path] = {status.st_dev, status.st_ino};
  }
  return now;
}

// ---- mounts and paths ---------------------------------------------------------------------------

std::optional<PathNow> look_at_path(const Inside& root, const std::string& path) {
  const Call<UniqueFd> file = root.open(InsidePath(path), O_PATH);
  const auto status = file.ok() ? status_of(file->get()) : std::nullopt;
  if (!status) return std::nullopt;
  PathNow now;
  now.file = id_of(*status);
  now.mount = status->stx_mnt_id;
  now.is_mount_root = (status->stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  now.is_null_device =
      S_ISCHR(status->stx_mode) && status->stx_rdev_major == 1 && status->stx_rdev_minor == 3;
  return now;
}

void look_at_paths(const Inside& root, const Plan& plan, Now& now) {
  std::set<std::string> paths{"/"};
  for (const ExpectedMount& mount : expected_mounts(plan)) {
    paths.insert(mount.path);
    if (mount.source.empty()) continue;
    if (const auto file = file_on_host(mount.source)) now.on_host[mount.source] = *file;
  }
  for (const Step& step : plan.steps) {
    const auto* enter = std::get_if<step::EnterDirectory>(&step.action);
    if (enter != nullptr) paths.insert(enter->path);
  }
  for (const std::string& path : paths) {
    if (const auto found = look_at_path(root, path)) now.paths[path] = *found;
  }
}

Result<void> look_at_files(pid_t pid, const Plan& plan, Now& now) {
  now.mounts = TRY(read_mounts(pid).because("read the mounts"));
  now.callers_mounts = TRY(read_mounts().because("read the mounts"));
  const UniqueFd root = TRY(open_at(AT_FDCWD, proc_path(pid, "root").c_str(), O_PATH)
                                .because("open the container's root"));
  look_at_paths(Inside(root.get()), plan, now);
  now.working_directory = file_on_host(proc_path(pid, "cwd"));
  return {};
}

// ---- kernel parameters --------------------------------------------------------------------------

// An unprivileged user joins the user namespace first, to be allowed to join the others.
std::uint64_t namespaces_to_read(const oci::Record& record) {
  std::uint64_t wanted = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (::geteuid() != 0) wanted |= CLONE_NEWUSER;
  return namespaces_to_join(record) & wanted;
}

Result<void> look_at_sysctls(const Container& container, int init, const Plan& plan, Now& now) {
  std::vector<std::string> paths{"kernel/hostname", "kernel/domainname"};
  for (const Step& step : plan.steps) {
    const auto* write = std::get_if<step::WriteSysctl>(&step.action);
    if (write != nullptr) paths.push_back(write->path);
  }
  now.sysctls = TRY(read_sysctls(init, namespaces_to_read(container.record), paths));
  return {};
}

// ---- cgroup -------------------------------------------------------------------------------------

Result<std::vector<std::string>> places_of(pid_t pid, const std::vector<cgroups::Directory>& list) {
  const cgroups::Layout layout = TRY(cgroups::probe(pid));
  std::vector<std::string> places(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (const cgroups::Hierarchy& hierarchy : layout.hierarchies) {
      if (hierarchy.mount == list[i].mount) places[i] = hierarchy.own;
    }
  }
  return places;
}

void read_limits(const cgroups::Write& limit, int directory, CgroupNow& now) {
  for (const std::string& file : {limit.file, limit.fallback ? limit.fallback->file : ""}) {
    if (file.empty()) continue;
    Call<std::string> text = read_kernel_file(directory, file.c_str());
    if (text.ok()) now.files[{limit.directory, file}] = std::move(text).value();
  }
}

Result<void> look_at_cgroup(const Container& container, const Plan& plan, Now& now) {
  const std::vector<cgroups::Directory> directories = container.cgroup();
  for (const cgroups::Directory& directory : directories) {
    now.cgroup.hierarchies.push_back(directory.mount);
    now.cgroup.recorded.push_back(directory.path);
  }
  now.cgroup.paths = TRY(places_of(static_cast<pid_t>(container.record.pid), directories));
  for (const Step& step : plan.steps) {
    const auto* limits = std::get_if<step::LimitCgroup>(&step.action);
    if (limits == nullptr) continue;
    for (const cgroups::Write& limit : limits->limits) {
      const auto directory = cgroups::open_directory(directories[limit.directory]);
      if (directory.ok()) read_limits(limit, directory->get(), now.cgroup);
    }
  }
  return {};
}

}  // namespace

Result<Now> look_at_container(const Container& container, const oci::Config& config,
                              const Plan& plan) {
  const auto pid = static_cast<pid_t>(container.record.pid);
  const UniqueFd init = TRY(container.open_init());
  Now now;
  now.is_started = container.phase() == Status::running;
  now.process = TRY(look_at_process(pid));
  now.callers_filters = parse_status(read_proc(::getpid(), "status").value_or("")).seccomp_filters;
  now.namespaces = look_at_namespaces(pid, config);
  TRY(look_at_files(pid, plan, now));
  TRY(look_at_sysctls(container, init.get(), plan, now));
  TRY(look_at_cgroup(container, plan, now));
  (void)TRY(container.open_init());  // the pid was still init's
  return now;
}

}  // namespace tare::runtime
