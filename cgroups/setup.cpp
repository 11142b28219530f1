// SPDX-License-Identifier: Apache-2.0
#include "cgroups/setup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/freezer.h"
#include "cgroups/members.h"

namespace tare::cgroups {

namespace {

std::string parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

void remove_made(const std::string& mount, std::string path, unsigned made) {
  for (; made > 0; --made, path = parent(path)) ::rmdir((mount + path).c_str());
}

// The number of directories made at the end of `path`. Usually the parents exist, so the last
// directory comes first.
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
  // Whoever removes an empty parent between our two calls cannot do so for long.
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
  const auto& list = place.controllers;
  const bool can_freeze =
      place.version == 2 || std::find(list.begin(), list.end(), "freezer") != list.end();
  if (can_freeze && TRY(is_frozen(place.version, directory).because(because))) {
    return Error(Error::Kind::refused,
                 "container's cgroup unexpectedly frozen: " + printable(full_path(place)));
  }
  return {};
}

namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Call<Names> read_names(int directory, const char* file) {
  const std::string text = TRY(read_kernel_file(directory, file));
  const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  Names names;
  for (const std::string_view name : split(line, ' ')) {
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

Names difference(const Names& all, const Names& without) {
  Names rest;
  std::copy_if(all.begin(), all.end(), std::back_inserter(rest),
               [&](const std::string& name) { return !contains(without, name); });
  return rest;
}

// Hands controllers from one cgroup to its children, and remembers what the kernel had against it.
class Enabler {
 public:
  explicit Enabler(Names wanted) : wanted_(std::move(wanted)) {}

  void hand_down(const std::string& from, const std::string& to) {
    if (wanted_.empty()) return;
    std::string all;
    for (const std::string& name : wanted_) all += (all.empty() ? "+" : " +") + name;
    if (write(from, all).ok()) return;
    Names handed;
    for (const std::string& name : wanted_) {
      const Call<void> written = write(from, "+" + name);
      if (written.ok() || is_there_already(to, name)) {
        handed.push_back(name);
      } else {
        refusals_.emplace(name, Refusal{written.error(), from});
      }
    }
    wanted_ = std::move(handed);
  }

  // Of a controller that a limit needs and that did not get all the way.
  [[nodiscard]] Error refusal(const std::string& name, const std::string& place) const {
    const auto found = refusals_.find(name);
    if (found == refusals_.end()) {
      return Error("controller " + quoted(name) + " not available in " + printable(place));
    }
    Error error(found->second.fault, "controller " + quoted(name) +
                                         " not available: enable it in " +
                                         printable(found->second.from));
    if (error.error != EBUSY) return error;
    return std::move(error).with_hint("a cgroup with processes cannot share out controllers");
  }

 private:
  struct Refusal {
    Fault fault;
    std::string from;
  };

  static Call<void> write(const std::string& cgroup, const std::string& names) {
    return write_kernel_file(AT_FDCWD, (cgroup + "/cgroup.subtree_control").c_str(), names);
  }

  // Somebody with more rights may have handed the controller down before.
  static bool is_there_already(const std::string& cgroup, const std::string& name) {
    const auto names = read_names(AT_FDCWD, (cgroup + "/cgroup.controllers").c_str());
    return names.ok() && contains(*names, name);
  }

  Names wanted_;
  std::map<std::string, Refusal> refusals_;
};

}  // namespace

Result<void> enable_controllers(const Directory& place, int directory,
                                const std::vector<const Write*>& planned) {
  const std::string because = "read cgroup.controllers of " + printable(full_path(place));
  const Names there = TRY(read_names(directory, "cgroup.controllers").because(because));
  const Names missing = difference(place.controllers, there);
  if (missing.empty()) return {};
  Enabler enabler(missing);
  for (std::size_t end = 0; end != std::string::npos && end < place.path.size();) {
    const std::string from = place.mount + place.path.substr(0, end);
    end = place.path.find('/', end + 1);
    enabler.hand_down(from, place.mount + place.path.substr(0, end));
  }
  const Names now = TRY(read_names(directory, "cgroup.controllers").because(because));
  for (const Write* write : planned) {
    if (contains(now, write->controller) || write->controller == "cgroup") continue;
    Error error = enabler.refusal(write->controller, full_path(place));
    error.kind = Error::Kind::unsupported;
    error.at = write->origin;
    return error;
  }
  return {};
}

namespace {

Call<void> inherit(const std::string& mount, const std::string& path, const char* file) {
  const std::string own = mount + path + "/" + file;
  const std::string above = mount + parent(path) + "/" + file;
  std::string value = TRY(read_kernel_file(AT_FDCWD, above.c_str()));
  if (value == "\n" && !parent(path).empty()) {
    TRY(inherit(mount, parent(path), file));
    value = TRY(read_kernel_file(AT_FDCWD, above.c_str()));
  }
  return write_kernel_file(AT_FDCWD, own.c_str(), value);
}

}  // namespace

Call<void> initialise_cpuset(const Directory& place) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    if (place.made == 0) {
      const std::string own = full_path(place) + "/" + file;
      if (TRY(read_kernel_file(AT_FDCWD, own.c_str())) != "\n") continue;
    }
    TRY(inherit(place.mount, place.path, file));
  }
  return {};
}

}  // namespace tare::cgroups
