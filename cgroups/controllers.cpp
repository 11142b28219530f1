// SPDX-License-Identifier: Apache-2.0
//
// Enables v2 controllers from the root down to a container's cgroup: cgroup.subtree_control.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/setup.h"

namespace tare::cgroups {

namespace {

using Names = std::vector<std::string>;

Call<Names> read_names(int directory, const char* file) {
  const std::string text = TRY(read_record(directory, file));
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

// A cgroup with processes cannot enable controllers that work on whole processes for its children.
// It could enable threaded ones, but then the children become "domain invalid" and clone(2) into
// them fails (cgroups(7), "Thread mode"). Only the root cgroup, which has no type, may have both
// processes and children with controllers.
Call<void> check_can_share(const std::string& cgroup) {
  if (::access((cgroup + "/cgroup.type").c_str(), F_OK) != 0) return {};
  const std::string pids = TRY(read_kernel_file(AT_FDCWD, (cgroup + "/cgroup.procs").c_str()));
  if (!pids.empty()) return Fault{EBUSY, "write"};
  return {};
}

// Enables controllers for the children of a cgroup, and remembers the kernel's errors.
class Enabler {
 public:
  explicit Enabler(Names wanted) : wanted_(std::move(wanted)) {}

  void hand_down(const std::string& from, const std::string& to) {
    if (wanted_.empty()) return;
    const Call<void> can_share = check_can_share(from);
    std::string all;
    for (const std::string& name : wanted_) all += (all.empty() ? "+" : " +") + name;
    if (can_share.ok() && write(from, all).ok()) return;
    Names handed;
    for (const std::string& name : wanted_) {
      const Call<void> written = can_share.ok() ? write(from, "+" + name) : can_share;
      if (written.ok() || is_there_already(to, name)) {
        handed.push_back(name);
      } else {
        refusals_.emplace(name, Refusal{written.error(), from});
      }
    }
    wanted_ = std::move(handed);
  }

  // The error of a needed controller that was not enabled down to the end.
  [[nodiscard]] Error refusal(const std::string& name, const std::string& place) const {
    const auto found = refusals_.find(name);
    if (found == refusals_.end()) {
      return Error("controller " + quote(name) + " not available in " + printable(place));
    }
    Error error(found->second.fault, "controller " + quote(name) + " not available: enable it in " +
                                         printable(found->second.from));
    if (error.error != EBUSY) return error;
    return std::move(error).with_hint("a cgroup with processes cannot delegate controllers");
  }

 private:
  struct Refusal {
    Fault fault;
    std::string from;
  };

  static Call<void> write(const std::string& cgroup, const std::string& names) {
    return write_kernel_file(AT_FDCWD, (cgroup + "/cgroup.subtree_control").c_str(), names);
  }

  // A more privileged process may have enabled the controller before.
  static bool is_there_already(const std::string& cgroup, const std::string& name) {
    const auto names = read_names(AT_FDCWD, (cgroup + "/cgroup.controllers").c_str());
    return names.ok() && contains(*names, name);
  }

  Names wanted_;
  std::map<std::string, Refusal> refusals_;
};

Result<void> check_type(const Directory& place, int directory) {
  const Call<std::string> type = read_kernel_file(directory, "cgroup.type");
  if (!type.ok() || *type == "domain\n" || *type == "domain threaded\n") return {};
  return Error(Error::Kind::refused, "cgroup " + printable(full_path(place)) +
                                         " cannot hold processes: its type is " +
                                         quote(type->substr(0, type->find('\n'))));
}

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
  TRY(check_type(place, directory));
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

}  // namespace tare::cgroups
