// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/layout.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/text.h"

namespace tare::cgroups {

namespace {

constexpr char usual_place[] = "/sys/fs/cgroup";

// "4:cpu,cpuacct:/a/b"; the v2 line is "0::/a/b".
struct Membership {
  std::string_view controllers;
  std::string_view path;
};

std::optional<Membership> parse_membership(std::string_view line) {
  const std::size_t first = line.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Membership{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

std::vector<std::string> words(std::string_view text, char separator) {
  std::vector<std::string> list;
  for (const std::string_view word : split(text, separator)) {
    if (!word.empty()) list.emplace_back(word);
  }
  return list;
}

bool exists(int directory, const std::string& path) {
  return ::faccessat(directory, path.c_str(), F_OK, 0) == 0;
}

// The mount table, read at most once and only on demand.
class MountTable {
 public:
  explicit MountTable(const std::function<Call<std::string>()>& read) : read_(read) {}

  // A later mount may hide a mount, which the table does not show.
  const MountLine* find_v1(const std::vector<std::string>& controllers) {
    for (const MountLine& mounted : mounts()) {
      if (mounted.type == "cgroup" && has_all(mounted.superblock_options, controllers) &&
          exists(AT_FDCWD, mounted.point + "/tasks")) {
        return &mounted;
      }
    }
    return nullptr;
  }

  // The last mount at a place is the visible one.
  const MountLine* find_v2(const std::string& place) {
    const std::vector<MountLine>& all = mounts();
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const MountLine& mounted) {
      return mounted.type == "cgroup2" && mounted.point == place;
    });
    return found != all.rend() ? &*found : nullptr;
  }

 private:
  static bool has_all(const std::vector<std::string>& options,
                      const std::vector<std::string>& controllers) {
    return std::all_of(controllers.begin(), controllers.end(),
                       [&](const std::string& name) { return contains(options, name); });
  }

  const std::vector<MountLine>& mounts() {
    if (std::exchange(loaded_, true)) return mounts_;
    const Call<std::string> text = read_();
    if (text.ok()) mounts_ = parse_mountinfo(*text);  // otherwise only the usual places are known
    return mounts_;
  }

  const std::function<Call<std::string>()>& read_;
  bool loaded_ = false;
  std::vector<MountLine> mounts_;
};

// The usual place of a v1 hierarchy below /sys/fs/cgroup, with `own` in it: under its controllers'
// names. If several controllers share a mount, there is also a link with the first controller's
// name.
std::string usual_name(int mounts, const std::string& controllers, const std::string& own) {
  constexpr std::string_view named = "name=";
  const std::string name =
      controllers.starts_with(named) ? controllers.substr(named.size()) : controllers;
  for (const std::string& candidate : {name, name.substr(0, name.find(','))}) {
    if (exists(mounts, candidate + own + "/tasks")) return candidate;
  }
  return {};
}

// A path of another cgroup namespace, "/../x", is not visible to us.
std::string own_path(std::string_view path) {
  const bool visible = path.starts_with('/') && !path.starts_with("/..");
  return visible ? std::string(path) : "/";
}

// In a container without a cgroup namespace the mount shows a part of the hierarchy, but
// /proc/self/cgroup has the path in the whole hierarchy.
std::string below_root(const std::string& own, const std::string& root) {
  if (root == "/") return own;
  if (own == root) return "/";
  return own.starts_with(root + "/") ? own.substr(root.size()) : "/";
}

std::optional<Hierarchy> find_v1(const Membership& member, int mounts,
                                 const std::string& mounts_path, MountTable& table) {
  Hierarchy found{1, {}, words(member.controllers, ','), own_path(member.path)};
  const std::string own = found.own == "/" ? "" : found.own;
  const std::string name = usual_name(mounts, std::string(member.controllers), own);
  found.mount = mounts_path + "/" + name;
  if (!name.empty()) return found;
  const MountLine* mounted = table.find_v1(found.controllers);
  if (mounted == nullptr) return std::nullopt;  // the kernel has it, but it is not mounted
  found.mount = mounted->point;
  found.own = below_root(found.own, mounted->root);
  return found;
}

bool is_not_there(const Fault& fault) {
  return fault.error == ENOENT || fault.error == ENOTDIR;
}

// A hierarchy that cannot be read is not one that is not there: a container must not do without it.
Call<std::optional<Hierarchy>> find_v2(const Membership& member, int mounts,
                                       const std::string& mounts_path, MountTable& table) {
  for (const std::string name : {"", "/unified"}) {
    const Call<std::string> controllers =
        read_record(mounts, ("." + name + "/cgroup.controllers").c_str());
    if (!controllers.ok() && is_not_there(controllers.error())) continue;
    if (!controllers.ok()) return controllers.error();
    Hierarchy found{2, mounts_path + name, {}, own_path(member.path)};
    found.controllers = words(controllers->substr(0, controllers->find('\n')), ' ');
    if (found.own != "/" && !exists(mounts, "." + name + found.own)) {
      const MountLine* mounted = table.find_v2(found.mount);
      found.own = mounted != nullptr ? below_root(found.own, mounted->root) : "/";
    }
    return std::optional(std::move(found));
  }
  return std::optional<Hierarchy>();
}

bool is_foreign(std::string_view controllers) {
  return controllers.starts_with("name=") && controllers != "name=systemd";
}

}  // namespace

Result<Layout> find_hierarchies(std::string_view self_cgroup, int mounts,
                                const std::string& mounts_path,
                                const std::function<Call<std::string>()>& read_mountinfo) {
  Layout layout;
  MountTable table(read_mountinfo);
  for (const std::string_view line : split(self_cgroup, '\n')) {
    const auto member = parse_membership(line);
    if (!member || is_foreign(member->controllers)) continue;
    auto found = member->controllers.empty()
                     ? TRY(find_v2(*member, mounts, mounts_path, table)
                               .because("read the cgroup v2 hierarchy below " + mounts_path))
                     : find_v1(*member, mounts, mounts_path, table);
    if (found) layout.hierarchies.push_back(*std::move(found));
  }
  return layout;
}

Result<Layout> probe(pid_t pid) {
  const std::string name = pid == 0 ? "self" : std::to_string(pid);
  const std::string path = "/proc/" + name + "/cgroup";
  const std::string text = TRY(read_kernel_file(AT_FDCWD, path.c_str()).because("read " + path));
  const Call<UniqueFd> mounts = open_at(AT_FDCWD, usual_place, O_PATH | O_DIRECTORY);
  if (!mounts.ok() && is_not_there(mounts.error())) return Layout{};
  if (!mounts.ok()) return Error(mounts.error(), std::string("open ") + usual_place);
  return find_hierarchies(text, mounts->get(), usual_place, [] { return read_mountinfo(); });
}

}  // namespace tare::cgroups
