// SPDX-License-Identifier: Apache-2.0
#include "cgroups/setup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/freezer.h"
#include "cgroups/hierarchy/members.h"

namespace tare::cgroups {

namespace {

std::string parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

void remove_made(const std::string& mount, std::string path, unsigned made) {
  for (; made > 0; --made, path = parent(path)) ::rmdir((mount + path).c_str());
}

// The number of directories created at the end of `path`. Usually the parents exist, so the last
// directory is tried first.
Call<unsigned> make_path(const std::string& mount, const std::string& path) {
  constexpr mode_t mode = 0755;
  if (::mkdir((mount + path).c_str(), mode) == 0) return 1;
  if (errno == EEXIST) return 0;
  if (errno != ENOENT || parent(path).empty()) return Fault::last("mkdir");
  const unsigned made = TRY(make_path(mount, parent(path)));
  if (::mkdir((mount + path).c_str(), mode) == 0) return made + 1;
  if (errno == EEXIST) return 0;
  const Fault fault = Fault::last("mkdir");
  remove_made(mount, parent(path), made);
  return fault;
}

}  // namespace

Call<void> make_directory(Directory& place) {
  if (!is_safe(place)) return Fault{EINVAL, "mkdir"};
  // Another process that removes an empty parent between our two calls cannot do so for ever.
  constexpr int tries = 10;
  Call<unsigned> made = 0U;
  for (int i = 0; i < tries; ++i) {
    made = make_path(place.mount, place.path);
    if (made.ok() || made.error().error != ENOENT) break;
  }
  place.made = TRY(std::move(made));
  return {};
}

Result<void> check_unused(const Directory& place, int directory) {
  const auto because = "look into cgroup " + printable(full_path(place));
  const std::vector<pid_t> pids = TRY(processes_below(directory).because(because));
  if (!pids.empty()) {
    return Error(Error::Kind::refused,
                 "container's cgroup is not empty: " + std::to_string(pids.size()) +
                     " process(es) found in " + printable(full_path(place)));
  }
  const bool can_freeze = place.version == 2 || contains(place.controllers, "freezer");
  if (can_freeze && TRY(is_frozen(place.version, directory).because(because))) {
    return Error(Error::Kind::refused,
                 "container's cgroup unexpectedly frozen: " + printable(full_path(place)));
  }
  return {};
}

bool is_made_by_systemd(const Directory& place) {
  return place.version == 2 || contains(place.controllers, "name=systemd");
}

Result<void> check_holds_only(const Directory& place, int directory, pid_t init, bool may_move) {
  const std::string cgroup = "cgroup " + printable(full_path(place));
  const std::vector<pid_t> pids = TRY(processes_below(directory).because("look into " + cgroup));
  if (pids == std::vector{init}) return {};
  if (!pids.empty()) {
    return Error(Error::Kind::refused,
                 "container's cgroup is not empty: " + std::to_string(pids.size()) +
                     " process(es) found in " + printable(full_path(place)));
  }
  if (!may_move)
    return Error("systemd put pid " + std::to_string(init) + " elsewhere than into " + cgroup);
  return move_process(place, directory, init);
}

Result<void> move_process(const Directory& place, int directory, pid_t process) {
  return write_kernel_file(directory, "cgroup.procs", std::to_string(process))
      .because("move init into cgroup " + printable(full_path(place)));
}

namespace {

Call<void> inherit(const std::string& mount, const std::string& path, const char* file) {
  const std::string own = mount + path + "/" + file;
  const std::string above = mount + parent(path) + "/" + file;
  std::string value = TRY(read_record(AT_FDCWD, above.c_str()));
  if (value == "\n" && !parent(path).empty()) {
    TRY(inherit(mount, parent(path), file));
    value = TRY(read_record(AT_FDCWD, above.c_str()));
  }
  return write_kernel_file(AT_FDCWD, own.c_str(), value);
}

}  // namespace

Call<void> initialise_cpuset(const Directory& place) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    if (place.made == 0) {
      const std::string own = full_path(place) + "/" + file;
      if (TRY(read_record(AT_FDCWD, own.c_str())) != "\n") continue;
    }
    TRY(inherit(place.mount, place.path, file));
  }
  return {};
}

}  // namespace tare::cgroups
