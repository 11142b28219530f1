// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/checkpoint.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/freezer.h"
#include "oci/annotations.h"
#include "oci/descriptors.h"
#include "runtime/criu/mounts.h"
#include "runtime/host/user_namespace.h"
#include "runtime/lifecycle/destroy.h"
#include "runtime/steps/namespace_kinds.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

constexpr int lock_timeout_ms = 10 * 1000;

std::string proc_file(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// ---- what is outside of the container -----------------------------------------------------------

// The id of the mount at a destination; nothing if the container has unmounted it.
Call<std::uint64_t> mount_number(int root, const std::string& destination) {
  const UniqueFd there =
      TRY(sys::openat2(root, destination.c_str(), O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
  struct statx status {};
  if (::statx(there.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) {
    return Fault::last("statx");
  }
  return std::uint64_t{status.stx_mnt_id};
}

Error no_origin(const std::string& point) {
  return Error(Error::Kind::refused, "mount " + quote(point) +
                                         " shows what is not the container's, "
                                         "and is not in its config.json")
      .with_hint("tare mounts remove unmounts what tare mounts add has mounted");
}

Result<std::vector<std::string>> external_mounts(const oci::Record& record,
                                                 std::string_view mountinfo) {
  if (contains(record.binds, "/")) {
    return Error(Error::Kind::unsupported, "its root is a bind mount, which CRIU cannot restore");
  }
  const auto pid = static_cast<pid_t>(record.pid);
  const UniqueFd root = TRY(open_at(AT_FDCWD, proc_file(pid, "root").c_str(), O_PATH | O_DIRECTORY)
                                .because("open the container's root"));
  std::vector<FoundBind> binds;
  for (const std::string& destination : record.binds) {
    const Call<std::uint64_t> number = mount_number(root.get(), destination);
    if (number.ok()) binds.push_back({*number, destination});
  }
  struct stat null {};
  if (::stat("/dev/null", &null) != 0) return Error(Fault::last("stat"), "look at /dev/null");
  const auto foreign = foreign_mounts(mountinfo, binds, null.st_dev);
  if (!foreign.empty()) return no_origin(foreign.front());
  return dumped_mounts(mountinfo, binds, null.st_dev);
}

// A joined namespace is not part of the container: CRIU does not dump it, and gets it again at the
// restore.
Result<void> leave_out_namespaces(const oci::Record& record, CriuOptions& options) {
  constexpr std::pair<oci::NamespaceType, const char*> kinds[] = {
      {oci::NamespaceType::network, network_key}, {oci::NamespaceType::pid, pid_key}};
  for (const auto& kind : kinds) {
    const auto* wanted = oci::find_namespace(record.config, kind.first);
    if (wanted == nullptr || wanted->is_new()) continue;
    const std::string file = kind_of(kind.first).proc_name;
    struct stat status {};
    const std::string path = proc_file(static_cast<pid_t>(record.pid), "ns/" + file);
    if (::stat(path.c_str(), &status) != 0) return Error(Fault::last("stat"), path);
    options.external.push_back(file + "[" + std::to_string(status.st_ino) + "]:" + kind.second);
  }
  return {};
}

// A pipe or a file outside the container is replaced by another one at the restore.
Result<void> keep_streams(int images, CriuOptions& options, const oci::Record& record,
                          std::string_view mountinfo) {
  std::vector<std::string> streams(STDERR_FILENO + 1);
  for (std::size_t fd = 0; fd < record.streams.size() && fd < streams.size(); ++fd) {
    const auto outside = outside_file(mountinfo, record.streams[fd]);
    if (outside) options.external.push_back(*outside);
    streams[fd] = outside.value_or(record.streams[fd].link);
  }
  return replace_file(images, descriptors_file, oci::encode_descriptors(streams), 0600)
      .because(std::string("write ") + descriptors_file);
}

Result<void> check_parent(const CriuRequest& request, int images) {
  const std::string& parent = request.options.parent_images;
  if (parent.empty()) return {};
  if (parent.front() == '/') {
    return Error(Error::Kind::usage,
                 "--parent-path " + printable(parent) + " must be relative to --image-path");
  }
  struct stat status {};
  if (::fstatat(images, parent.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode)) return {};
  return Error(Fault{ENOENT, "fstatat"}, "--parent-path " + printable(parent));
}

Result<void> check_dumpable(const Container& container) {
  (void)TRY(container.live_status());
  const Status status = container.phase();
  if (status == Status::running) return {};
  return Error(Error::Kind::refused, "cannot checkpoint container " + container.entry.id() +
                                         " that is not running: " + word(status));
}

// CRIU restores a process with a user namespace as root of it, which must search the directory.
// Only its group may: the memory of the container is in there, and CRIU lets everybody read its
// files.
Result<void> let_in(pid_t init, int images) {
  const auto map = read_id_map(init, group_ids);
  if (!map.ok()) return Error(map.error(), "read the container's group ids");
  for (const oci::IDMapping& range : *map) {
    if (range.containerID != 0 || range.hostID == 0) continue;
    struct stat status {};
    if (::fstat(images, &status) != 0) return Error(Fault::last("fstat"), "look at the images");
    constexpr auto unchanged = static_cast<uid_t>(-1);
    const std::string why = "let the container's root into the images";
    if (::fchown(images, unchanged, range.hostID) != 0) return Error(Fault::last("fchown"), why);
    const mode_t searched = (status.st_mode & 07777) | S_IXGRP;
    if (::fchmod(images, searched) != 0) return Error(Fault::last("fchmod"), why);
  }
  return {};
}

}  // namespace

Result<UniqueFd> open_images(const std::string& path) {
  constexpr mode_t only_owner = 0700;
  TRY(make_directories(path, only_owner, "make the directory"));
  return open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY)
      .because("open the directory " + printable(path));
}

Result<void> checkpoint(const Store& store, const std::string& id, CriuRequest request,
                        bool before_dump, const Log& log) {
  const Container container = TRY(Container::load(store, id));
  TRY(check_dumpable(container));
  TRY(container.entry.lock(lock_timeout_ms));
  const std::string program = TRY(find_criu(request.program));
  const UniqueFd images = TRY(open_images(request.images));
  const UniqueFd work = TRY(open_images(request.work.empty() ? request.images : request.work));
  TRY(check_parent(request, images.get()));
  TRY(let_in(static_cast<pid_t>(container.record.pid), images.get()));

  CriuOptions& options = request.options;
  options.images = images.get();
  options.work = work.get();
  options.log = before_dump ? "pre-dump.log" : "dump.log";
  options.pid = static_cast<pid_t>(container.record.pid);
  options.root = container.record.rootfs;
  const auto cgroup = container.cgroup();
  const cgroups::Directory* freezer = cgroups::freezer_of(cgroup);
  if (freezer != nullptr) options.freeze_cgroup = cgroups::full_path(*freezer);
  const std::string mountinfo =
      TRY(read_mountinfo(options.pid).because("read the container's mounts"));
  options.external =
      TRY(external_mounts(container.record, mountinfo).because("checkpoint container " + id));
  TRY(keep_streams(images.get(), options, container.record, mountinfo));
  TRY(leave_out_namespaces(container.record, options));
  if (const auto* file =
          oci::find_annotation(container.record.config.annotations, oci::annotation::criu_config)) {
    options.config_file = *file;
  }
  CriuService service = TRY(CriuService::start(program));
  (void)TRY(service.call(before_dump ? CriuCall::pre_dump : CriuCall::dump, options, nullptr)
                .because("checkpoint container " + id));
  if (before_dump || options.leave_running) return {};
  return destroy_container(store, container, log);
}

}  // namespace tare::runtime
