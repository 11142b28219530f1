// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/mount_differences.h"

#include <sys/mount.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "runtime/look/expected_mounts.h"
#include "runtime/look/same_value.h"
#include "runtime/plan/visible.h"
#include "runtime/steps/mount_flags.h"
#include "runtime/steps/words.h"

namespace tare::runtime {

namespace {

bool has_tag(const MountLine& line, std::string_view name) {
  return std::ranges::any_of(line.propagation,
                             [&](const std::string& tag) { return tag.starts_with(name); });
}

std::string propagation_of(const MountLine& line) {
  if (has_tag(line, "unbindable")) return "unbindable";
  const bool slave = has_tag(line, "master:");
  if (has_tag(line, "shared:")) return slave ? "shared and slave" : "shared";
  return slave ? "slave" : "private";
}

// A slave mount is shown as private if its tree is not shared on the host.
bool is_propagated_as(const MountLine& line, unsigned long wanted) {
  const bool shared = has_tag(line, "shared:");
  const bool unbindable = has_tag(line, "unbindable");
  if ((wanted & MS_SHARED) != 0) return shared;
  if ((wanted & MS_UNBINDABLE) != 0) return unbindable;
  if (shared || unbindable) return false;
  return (wanted & MS_SLAVE) != 0 || !has_tag(line, "master:");
}

std::string option_of(const MountLine& line, const std::string& key) {
  for (const std::string& option : line.superblock_options) {
    if (option.starts_with(key + "=")) return option.substr(key.size() + 1);
  }
  return {};
}

class MountComparer {
 public:
  MountComparer(const Plan& plan, const Now& now, Found& found)
      : plan_(plan), now_(now), found_(found) {
    for (const Step& step : plan.steps) {
      const auto* host = std::get_if<step::HostPropagation>(&step.action);
      if (host != nullptr) shares_with_host_ = (host->flags & MS_SHARED) != 0;
    }
  }

  void compare(const ExpectedMount& wanted) {
    const auto path = now_.paths.find(wanted.path);
    if (path == now_.paths.end()) return missing(wanted, "nothing");
    if (!path->second.is_mount_root) return missing(wanted, "not mounted");
    const MountLine* line = line_of(path->second.mount);
    if (line == nullptr) return;  // it was just unmounted
    points_.insert(line->point);
    if (wanted.brings_more) trees_.insert(line->point);
    if (wanted.kind == ExpectedMount::Kind::mask) return compare_mask(wanted, *line, path->second);
    compare_file_system(wanted, *line, path->second);
    compare_flags(wanted, *line);
    compare_propagation(wanted, *line);
  }

  void find_others() const {
    for (const MountLine& line : now_.mounts) {
      if (points_.contains(line.point) || came_with_tree(line)) continue;
      found_.differs("/mounts", "mount on " + shortened(line.point), "none", shown_as(line));
    }
  }

 private:
  // A path that does not exist needs no protection.
  void missing(const ExpectedMount& wanted, const char* instead) const {
    const bool is_absent = std::string_view(instead) == "nothing";
    if (wanted.kind != ExpectedMount::Kind::mount && is_absent) return;
    if (wanted.kind == ExpectedMount::Kind::device) return;
    found_.differs(wanted.origin, property(wanted), words_for(wanted), instead);
  }

  static std::string property(const ExpectedMount& wanted) {
    constexpr const char* words[] = {"mount on ", "masked path ", "read-only path ", "mount on "};
    return words[static_cast<std::size_t>(wanted.kind)] + shortened(wanted.path);
  }

  static std::string words_for(const ExpectedMount& wanted) {
    if (wanted.kind != ExpectedMount::Kind::mount) return "mounted";
    return wanted.source.empty() ? wanted.type : shortened(wanted.source);
  }

  static std::string shown_as(const MountLine& line) {
    return printable(line.type) + " " + shortened(line.root);
  }

  [[nodiscard]] const MountLine* line_of(std::uint64_t number) const {
    const auto found = std::ranges::find(now_.mounts, number, &MountLine::number);
    return found == now_.mounts.end() ? nullptr : &*found;
  }

  void compare_mask(const ExpectedMount& wanted, const MountLine& line, const PathNow& path) const {
    const bool is_empty_directory = line.type == "tmpfs" && contains(line.options, "ro");
    if (path.is_null_device || is_empty_directory) return;
    found_.differs(wanted.origin, property(wanted), "empty", shown_as(line));
  }

  void compare_file_system(const ExpectedMount& wanted, const MountLine& line,
                           const PathNow& path) const {
    if (!wanted.type.empty() && wanted.type != line.type) {
      return found_.differs(wanted.origin, property(wanted), wanted.type, printable(line.type));
    }
    const auto source = now_.on_host.find(wanted.source);
    if (source != now_.on_host.end() && source->second != path.file) {
      found_.differs(wanted.origin, property(wanted), shortened(wanted.source), shown_as(line));
    }
    if (wanted.mapped && !contains(line.options, "idmapped")) {
      found_.differs(wanted.origin, property(wanted), "idmapped", "not idmapped");
    }
    compare_options(wanted, line);
  }

  void compare_options(const ExpectedMount& wanted, const MountLine& line) const {
    if (wanted.superblock_read_only && !contains(line.superblock_options, "ro")) {
      found_.differs(wanted.origin, property(wanted), "read-only file system", "writable");
    }
    for (const auto& [key, value] : wanted.data) {
      const std::string present = option_of(line, key);
      // Ids are shown as mapped in the reader's user namespace. Default values are not shown.
      const bool is_id = key == "uid" || key == "gid";
      if (present.empty() || value.empty() || is_id || is_same_option(key, value, present))
        continue;
      found_.differs(wanted.origin, property(wanted), printable(join({key, value}, "=")),
                     printable(join({key, present}, "=")));
    }
  }

  void compare_flags(const ExpectedMount& wanted, const MountLine& line) const {
    for (const MountFlag& flag : mount_flags) {
      if ((wanted.known & flag.mask) != flag.mask) continue;
      const bool is_wanted = (wanted.flags & flag.mask) == flag.bits;
      const bool is_set = contains(line.options, flag.set);
      if (is_wanted == is_set) continue;
      found_.differs(wanted.origin, property(wanted), is_wanted ? flag.set : flag.clear,
                     is_set ? flag.set : flag.clear);
    }
  }

  void compare_propagation(const ExpectedMount& wanted, const MountLine& line) const {
    // If the container's mounts propagate to the host, they are shared wherever the host's are.
    if (wanted.propagation == 0 && shares_with_host_) return;
    const unsigned long type = wanted.propagation == 0 ? unsigned{MS_SLAVE} : wanted.propagation;
    if (is_propagated_as(line, type)) return;
    found_.differs(wanted.origin, property(wanted),
                   wanted.propagation == 0 ? "private or slave" : propagation_words(type),
                   propagation_of(line));
  }

  // A recursive bind mount brings mounts that are not in the config. So does the root.
  [[nodiscard]] bool came_with_tree(const MountLine& line) const {
    const bool below = std::ranges::any_of(
        trees_, [&](const std::string& tree) { return is_at_or_below(line.point, tree); });
    return below || came_with_root(line);
  }

  [[nodiscard]] bool came_with_root(const MountLine& line) const {
    for (const Step& step : plan_.steps) {
      const auto* root = std::get_if<step::AttachRoot>(&step.action);
      if (root == nullptr) continue;
      const std::string on_host = root->path + line.point;
      return std::ranges::any_of(now_.callers_mounts, [&](const MountLine& one) {
        return one.point == on_host && one.device == line.device && one.root == line.root;
      });
    }
    return false;
  }

  const Plan& plan_;
  const Now& now_;
  Found& found_;
  bool shares_with_host_ = false;
  std::set<std::string> points_;
  std::set<std::string> trees_;
};

}  // namespace

void compare_mounts(const Plan& plan, const Now& now, bool has_own_mounts, Found& found) {
  MountComparer comparer(plan, now, found);
  for (const ExpectedMount& wanted : expected_mounts(plan)) comparer.compare(wanted);
  if (has_own_mounts) comparer.find_others();
}

}  // namespace tare::runtime
