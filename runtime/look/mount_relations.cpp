// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/mount_relations.h"

#include <algorithm>

#include "base/text.h"

namespace tare::runtime {

namespace {

// The number after "shared:" or "master:", or nothing.
std::string_view group_of(const MountLine& line, std::string_view tag) {
  for (const std::string& one : line.propagation) {
    if (one.starts_with(tag)) return std::string_view(one).substr(tag.size());
  }
  return {};
}

constexpr std::string_view shared = "shared:";
constexpr std::string_view master = "master:";

// The mounts in all namespaces with `tag` and `group`, except `self`. A mount number is unique on a
// machine.
std::vector<oci::OtherMount> in_group(std::string_view group, std::string_view tag,
                                      const MountLine& self,
                                      const std::vector<MountsOfNamespace>& all) {
  std::vector<oci::OtherMount> found;
  if (group.empty()) return found;
  for (const MountsOfNamespace& one : all) {
    for (const MountLine& line : one.mounts) {
      if (line.number == self.number || group_of(line, tag) != group) continue;
      found.push_back({one.where, printable(line.point)});
    }
  }
  return found;
}

std::string propagation_of(const MountLine& line) {
  const bool is_slave = !group_of(line, master).empty();
  if (!group_of(line, shared).empty()) return is_slave ? "shared and slave" : "shared";
  if (is_slave) return "slave";
  return contains(line.propagation, "unbindable") ? "unbindable" : "private";
}

std::string why_refused(const MountProbe& probe) {
  if (probe.is_covered) return "covered by another mount: no path leads to it";
  if (probe.locked.empty()) return {};
  return join(probe.locked, ", ") + " locked: set in a more privileged mount namespace";
}

}  // namespace

std::vector<oci::MountView> mount_views(const std::vector<MountLine>& mounts,
                                        const std::map<std::uint64_t, MountProbe>& probes,
                                        const std::vector<MountsOfNamespace>& all) {
  std::vector<oci::MountView> views;
  for (const MountLine& line : mounts) {
    oci::MountView view;
    view.number = line.number;
    view.parent = line.parent;
    view.point = printable(line.point);
    view.type = printable(line.type);
    view.root = printable(line.root);
    view.options = line.options;
    view.propagation = propagation_of(line);
    view.peers = in_group(group_of(line, shared), shared, line, all);
    view.slaves = in_group(group_of(line, shared), master, line, all);
    view.masters = in_group(group_of(line, master), shared, line, all);
    const auto probe = probes.find(line.number);
    if (probe != probes.end()) {
      view.locked = probe->second.locked;
      view.remount = why_refused(probe->second);
    }
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace tare::runtime
