// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/now.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/tree.h"
#include "runtime/do/inside.h"
#include "runtime/do/joined.h"
#include "runtime/look/child.h"
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
  if (::statx(fd, "", asks_nobody, STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0)
    return std::nullopt;
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
  now.mode = status->stx_mode;
  now.major = status->stx_rdev_major;
  now.minor = status->stx_rdev_minor;
  now.uid = status->stx_uid;
  now.gid = status->stx_gid;
  return now;
}

// Where the stub may have found the program. A relative path starts at the working directory.
std::set<std::string> programs_of(const Plan& plan) {
  std::set<std::string> paths;
  std::string directory;  // with its slash
  for (const Step& step : plan.steps) {
    const auto* enter = std::get_if<step::EnterDirectory>(&step.action);
    if (enter != nullptr) directory = enter->path + '/';
    const auto* find = std::get_if<step::FindProgram>(&step.action);
    if (find == nullptr) continue;
    for (const std::string& path : find->candidates) {
      paths.insert(path.starts_with('/') ? path : directory + path);
    }
  }
  return paths;
}

bool is_one_of(const Inside& root, const std::set<std::string>& paths,
               const std::optional<FileId>& wanted) {
  return wanted && std::ranges::any_of(paths, [&](const std::string& path) {
           const auto found = look_at_path(root, path);
           return found && found->file == *wanted;
         });
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
    const auto* device = std::get_if<step::MakeDevice>(&step.action);
    if (device != nullptr) paths.insert(device->path.shown);
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
  const Inside inside(root.get());
  look_at_paths(inside, plan, now);
  if (now.is_started) {
    const auto program = file_on_host(proc_path(pid, "exe"));
    now.program = look_at_program(pid, plan, is_one_of(inside, programs_of(plan), program));
  }
  now.working_directory = file_on_host(proc_path(pid, "cwd"));
  return {};
}

// ---- what only some containers have -----------------------------------------------------------

// /proc/PID/net shows the network namespace of the process: "  eth0: 1234 ...".
std::optional<std::set<std::string>> net_devices_of(pid_t pid) {
  const Call<std::string> text = read_proc(pid, "net/dev");
  if (!text.ok()) return std::nullopt;
  std::set<std::string> names;
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t colon = line.find(':');
    const std::size_t begin = line.find_first_not_of(' ');
    if (colon != std::string_view::npos) names.emplace(line.substr(begin, colon - begin));
  }
  return names;
}

std::optional<std::string> numa_maps_of(pid_t pid) {
  constexpr std::size_t first_mappings = 1U << 16;
  Result<std::string> text = read_memory_of(pid, "numa_maps", first_mappings);
  if (!text.ok()) return std::nullopt;
  return std::move(text).value();
}

void look_at_the_rare(pid_t pid, const Plan& plan, Now& now) {
  if (last_step<step::MoveNetDevice>(plan) != no_step) now.net_devices = net_devices_of(pid);
  if (last_step<step::SetMemoryPolicy>(plan) != no_step) now.numa_maps = numa_maps_of(pid);
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

// The root of a v1 hierarchy has the file, too; its name depends on the version.
std::optional<std::string> cpus_of(const std::vector<cgroups::Directory>& directories) {
  for (const cgroups::Directory& one : directories) {
    if (one.version == 1 && !contains(one.controllers, "cpuset")) continue;
    const char* file = one.version == 1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective";
    for (std::string path = one.path;; path.resize(path.rfind('/'))) {
      const std::string place = one.mount + (path.empty() ? "" : path) + "/" + file;
      Call<std::string> cpus = read_kernel_file(AT_FDCWD, place.c_str());
      if (cpus.ok()) return std::string(without_newline(*cpus));
      if (path.empty()) break;
    }
  }
  return std::nullopt;
}

void look_at_restrictions(const std::vector<cgroups::Directory>& directories, const Plan& plan,
                          CgroupNow& now) {
  now.cpus = cpus_of(directories);
  for (const Step& step : plan.steps) {
    const auto* restrict = std::get_if<step::RestrictDevices>(&step.action);
    if (restrict != nullptr) now.devices = look_at_devices(directories, restrict->rules);
  }
}

Result<void> look_at_cgroup(const Container& container, const Plan& plan, Now& now) {
  const std::vector<cgroups::Directory> directories = container.cgroup();
  for (const cgroups::Directory& directory : directories) {
    now.cgroup.hierarchies.push_back(directory.mount);
    now.cgroup.recorded.push_back(directory.path);
  }
  now.cgroup.paths = TRY(places_of(static_cast<pid_t>(container.record.pid), directories));
  look_at_restrictions(directories, plan, now.cgroup);
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
  look_at_the_rare(pid, plan, now);
  (void)TRY(container.open_init());  // the pid was still init's
  return now;
}

}  // namespace tare::runtime
