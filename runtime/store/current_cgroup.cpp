// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/current_cgroup.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/file.h"
#include "cgroups/hierarchy/freezer.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/members.h"
#include "oci/annotations.h"
#include "runtime/store/recorded.h"

namespace tare::runtime {

namespace {

bool is_gone(const cgroups::Directory& directory) {
  return ::access(cgroups::full_path(directory).c_str(), F_OK) != 0;
}

// cgroups(7), "no internal processes".
bool holds_no_process(const cgroups::Directory& directory) {
  const std::string control = cgroups::full_path(directory) + "/cgroup.subtree_control";
  const Call<std::string> handed_on = read_kernel_file(AT_FDCWD, control.c_str());
  return handed_on.ok() && handed_on->find_first_not_of('\n') != std::string::npos;
}

// Init's cgroup in each hierarchy; read only on demand.
class InitsPlace {
 public:
  explicit InitsPlace(pid_t init) : init_(init) {}

  // Empty if it is unknown or the root, which belongs to no container.
  std::string path_in(const std::string& mount) {
    if (!layout_) layout_ = cgroups::probe(init_);
    if (!layout_->ok()) return "";
    for (const cgroups::Hierarchy& hierarchy : (*layout_)->hierarchies) {
      if (hierarchy.mount == mount && hierarchy.own != "/") return hierarchy.own;
    }
    return "";
  }

 private:
  pid_t init_;
  std::optional<Result<cgroups::Layout>> layout_;
};

ino_t pid_namespace(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

Call<UniqueFd> open_pid_namespace(pid_t pid) {
  return open_at(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/ns/pid").c_str(), O_RDONLY);
}

// In that pid namespace or a descendant of it.
bool is_within(pid_t pid, ino_t wanted) {
  Call<UniqueFd> space = open_pid_namespace(pid);
  while (space.ok() && space->valid()) {
    if (pid_namespace(space->get()) == wanted) return true;
    space = UniqueFd(::ioctl(space->get(), NS_GET_PARENT));
  }
  return false;
}

bool is_all_the_containers(const cgroups::Directory& directory, pid_t init) {
  const Call<UniqueFd> own = open_pid_namespace(init);
  const Result<std::vector<pid_t>> pids = cgroups::processes({directory});
  if (!own.ok() || !pids.ok()) return false;
  const ino_t wanted = pid_namespace(own->get());
  return std::ranges::all_of(*pids, [&](pid_t pid) { return is_within(pid, wanted); });
}

}  // namespace

std::vector<cgroups::Directory> cgroup_to_join(const oci::Record& record) {
  std::vector<cgroups::Directory> directories = recorded_cgroup(record);
  const bool is_divided =
      oci::find_annotation(record.config.annotations, oci::annotation::delegated_cgroup) != nullptr;
  InitsPlace init(static_cast<pid_t>(record.pid));
  for (auto& directory : directories) {
    const bool gone = is_gone(directory);
    const bool is_below = directory.version == 2 && (is_divided || holds_no_process(directory));
    if (!gone && !is_below) continue;
    const std::string path = init.path_in(directory.mount);
    if (gone ? !path.empty() : path.starts_with(directory.path + "/")) directory.path = path;
  }
  return directories;
}

namespace {

std::vector<cgroups::Directory> current(const oci::Record& record,
                                        std::vector<cgroups::Directory> directories) {
  if (!owns_pid_namespace(record)) return directories;
  const auto pid = static_cast<pid_t>(record.pid);
  InitsPlace init(pid);
  for (auto& directory : directories) {
    if (!is_gone(directory)) continue;
    cgroups::Directory moved = directory;
    moved.path = init.path_in(directory.mount);
    if (!moved.path.empty() && is_all_the_containers(moved, pid)) directory = moved;
  }
  return directories;
}

}  // namespace

std::vector<cgroups::Directory> current_cgroup(const oci::Record& record) {
  return current(record, recorded_cgroup(record));
}

std::vector<cgroups::Directory> current_freezer(const oci::Record& record) {
  const std::vector<cgroups::Directory> all = recorded_cgroup(record);
  const cgroups::Directory* freezer = cgroups::freezer_of(all);
  if (freezer == nullptr) return {};
  return current(record, {*freezer});
}

}  // namespace tare::runtime
