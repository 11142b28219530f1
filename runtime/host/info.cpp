// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/info.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/systemd/bus.h"
#include "runtime/host/passwd.h"
#include "runtime/host/probes.h"
#include "runtime/host/security_modules.h"
#include "runtime/host/user_namespace.h"

namespace tare::runtime {

namespace {

oci::Ability ability(const Result<void>& result) {
  return result.ok() ? oci::Ability{true, ""} : oci::Ability{false, result.error().message()};
}

// ---- cgroups ------------------------------------------------------------------------------------

bool has_favordynmods(const std::vector<MountLine>& mounts, const std::string& place) {
  const auto found = std::ranges::find(mounts, place, &MountLine::point);
  return found != mounts.end() && contains(found->superblock_options, "favordynmods");
}

// A v2 cgroup with processes cannot have children with controllers, so the parent is used.
bool may_make(const cgroups::Hierarchy& hierarchy) {
  std::string own = hierarchy.own;
  if (hierarchy.version == 2) own.resize(own.rfind('/'));
  return ::access((hierarchy.mount + own).c_str(), W_OK | X_OK) == 0;
}

std::string layout_word(const std::vector<oci::HierarchyInfo>& hierarchies) {
  const auto is_v2 = [](const oci::HierarchyInfo& hierarchy) { return hierarchy.version == 2; };
  const auto of_v2 = std::ranges::count_if(hierarchies, is_v2);
  if (hierarchies.empty()) return "none";
  if (of_v2 == 0) return "v1";
  return of_v2 == std::ssize(hierarchies) ? "v2" : "hybrid";
}

oci::CgroupInfo look_at_cgroups() {
  oci::CgroupInfo info;
  const auto mounts = read_mounts().value_or(std::vector<MountLine>());
  const Result<cgroups::Layout> layout = cgroups::probe();
  if (layout.ok()) {
    for (const cgroups::Hierarchy& hierarchy : layout->hierarchies) {
      info.hierarchies.push_back({hierarchy.version, hierarchy.mount, hierarchy.controllers,
                                  hierarchy.own, may_make(hierarchy),
                                  has_favordynmods(mounts, hierarchy.mount)});
    }
  }
  info.layout = layout_word(info.hierarchies);
  return info;
}

// ---- security modules ---------------------------------------------------------------------------

std::vector<std::string> look_at_security_modules() {
  std::vector<std::string> names;
  const Call<std::string> list = read_kernel_file(AT_FDCWD, "/sys/kernel/security/lsm");
  if (list.ok()) {
    const std::string_view line = std::string_view(*list).substr(0, list->find('\n'));
    for (const std::string_view name : split(line, ',')) {
      if (!name.empty()) names.emplace_back(name);
    }
    return names;
  }
  // securityfs is not mounted; the modules that tare uses have files of their own.
  const Call<UniqueFd> root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  if (!root.ok()) return names;
  const SecurityModules modules = security_modules(root->get());
  if (modules.apparmor) names.emplace_back("apparmor");
  if (modules.selinux) names.emplace_back("selinux");
  return names;
}

// ---- ordinary users -----------------------------------------------------------------------------

// subuid(5): NAME-OR-UID:FIRST:COUNT.
std::vector<oci::IdRange> ranges_of(const char* file, uid_t uid) {
  std::vector<oci::IdRange> ranges;
  const std::string name = user_name(uid);
  const auto text = read_regular_file(AT_FDCWD, file, std::size_t{1} << 20).value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() != 3 || (fields[0] != name && fields[0] != std::to_string(uid))) continue;
    const auto first = parse_number<std::uint32_t>(fields[1]);
    const auto count = parse_number<std::uint32_t>(fields[2]);
    if (first && count) ranges.push_back({*first, *count});
  }
  return ranges;
}

// It needs privileges that its caller does not have: from its owner or from file capabilities.
oci::Ability look_at_helper(const char* path) {
  struct stat status {};
  if (::stat(path, &status) != 0) return {false, std::string(path) + " is not installed"};
  const bool set_user_id = (status.st_mode & S_ISUID) != 0 && status.st_uid == 0;
  const bool has_capabilities = ::getxattr(path, "security.capability", nullptr, 0) > 0;
  if (set_user_id || has_capabilities) return {true, path};
  return {false, std::string(path) + " is neither set-user-ID root nor has it capabilities"};
}

oci::RootlessInfo look_at_rootless() {
  oci::RootlessInfo info;
  info.uid = ::getuid();
  info.subordinateUids = ranges_of(user_ids.ranges, info.uid);
  info.subordinateGids = ranges_of(group_ids.ranges, info.uid);
  info.newuidmap = look_at_helper(user_ids.helper);
  info.newgidmap = look_at_helper(group_ids.helper);
  return info;
}

}  // namespace

oci::HostInfo look_around() {
  oci::HostInfo info;
  utsname names{};
  ::uname(&names);
  info.kernel = names.release;
  info.machine = names.machine;
  info.features = probe_features();
  info.namespaces = probe_namespaces();
  info.idmappedMounts = probe_idmapped_mounts();
  info.cgroups = look_at_cgroups();
  info.securityModules = look_at_security_modules();
  info.rootless = look_at_rootless();
  info.systemd = ability(cgroups::ping_manager(false));
  info.userSystemd = ability(cgroups::ping_manager(true));
  return info;
}

}  // namespace tare::runtime
