// SPDX-License-Identifier: Apache-2.0
//
// Device nodes and the links of /dev (config-linux.md "Devices", "Default Devices";
// runtime-linux.md "Dev symbolic links").
#include <linux/capability.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/draft.h"
#include "runtime/plan/mount_options.h"
#include "runtime/plan/visible.h"

namespace tare::runtime {

namespace {

struct DefaultDevice {
  const char* path;
  unsigned major;
  unsigned minor;
};

constexpr DefaultDevice default_devices[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

struct Link {
  const char* path;
  const char* target;
  bool replace;
  const char* only_if_exists;
};

// In some images /dev/ptmx is the host's multiplexer; it must be the container's.
constexpr Link links[] = {
    {"/dev/fd", "/proc/self/fd", false, ""},
    {"/dev/stdin", "/proc/self/fd/0", false, ""},
    {"/dev/stdout", "/proc/self/fd/1", false, ""},
    {"/dev/stderr", "/proc/self/fd/2", false, ""},
    {"/dev/core", "/proc/kcore", false, "/proc/kcore"},
    {"/dev/ptmx", "pts/ptmx", true, ""},
};

unsigned type_bits(const oci::Device& device) {
  if (device.type == "b") return S_IFBLK;
  if (device.type == "p") return S_IFIFO;
  return S_IFCHR;  // "c" and "u"
}

bool configured(const oci::Linux& linux_part, std::string_view path) {
  return std::any_of(linux_part.devices.begin(), linux_part.devices.end(),
                     [&](const oci::Device& device) { return device.path == path; });
}

// The host's id of an id in the container; nothing if it is not mapped.
std::optional<std::uint32_t> id_on_host(const std::vector<oci::IDMapping>& mappings,
                                        std::uint32_t id) {
  for (const oci::IDMapping& mapping : mappings) {
    if (id >= mapping.containerID && id - mapping.containerID < mapping.size) {
      return mapping.hostID + (id - mapping.containerID);
    }
  }
  return std::nullopt;
}

// mknod(2) of a device requires the capability in the initial user namespace.
std::optional<step::NodeToMake> node_to_make(const Draft& draft, const step::MakeDevice& device) {
  const Host& host = draft.host;
  if (draft.trees_by() == TreesBy::init || host.in_user_namespace || !host.holds(CAP_MKNOD)) {
    return std::nullopt;
  }
  const unsigned mode = device.mode & 07777;
  if (draft.joined_users >= 0) {
    return step::NodeToMake{mode, device.uid, device.gid, draft.joined_users};
  }
  const auto uid = id_on_host(draft.linux_.uidMappings, device.uid);
  const auto gid = id_on_host(draft.linux_.gidMappings, device.gid);
  if (!uid || !gid) return std::nullopt;
  return step::NodeToMake{mode, *uid, *gid, -1};
}

// mknod(2) of a device requires privileges on the host, so in a user namespace the host's node is
// bind-mounted.
void plan_node(Draft& draft, const std::string& origin, const step::MakeDevice& device) {
  const unsigned type = device.mode & S_IFMT;
  if (!draft.without_host_privilege() || type == S_IFIFO) {
    draft.add<Actor::init>(origin, device);
    return;
  }
  step::OpenTree tree;
  tree.path = device.path.shown;
  tree.device_type = static_cast<int>(type);
  tree.device_major = device.major;
  tree.device_minor = device.minor;
  tree.node = node_to_make(draft, device);
  const Slot slot = draft.take_tree(origin, std::move(tree));
  draft.add<Actor::init>(origin, step::BindDevice{device.path, slot});
}

}  // namespace

// A bind mount, or a bind mount onto itself to change its flags.
bool host_dev_is_bound(const oci::Config& config) {
  const auto& mounts = config.mounts;
  for (std::size_t i = mount_shown_at(mounts, "/dev").value_or(mounts.size()); i < mounts.size();
       ++i) {
    if (mounts[i].destination != "/dev") continue;
    const Result<MountOptions> options = parse_mount_options(mounts[i], "");
    if (options.ok() && options->bind) return true;
  }
  return false;
}

Result<void> plan_devices(Draft& draft) {
  if (host_dev_is_bound(draft.config)) return {};
  for (const auto& entry : default_devices) {
    if (configured(draft.linux_, entry.path)) continue;
    plan_node(
        draft, "",
        step::MakeDevice{InsidePath(entry.path), S_IFCHR | 0666, entry.major, entry.minor, 0, 0});
  }
  for (std::size_t i = 0; i < draft.linux_.devices.size(); ++i) {
    const oci::Device& device = draft.linux_.devices[i];
    plan_node(draft, pointer("/linux/devices", i),
              step::MakeDevice{InsidePath(device.path),
                               type_bits(device) | (device.fileMode.value_or(0666) & 07777),
                               static_cast<unsigned>(device.major.value_or(0)),
                               static_cast<unsigned>(device.minor.value_or(0)),
                               device.uid.value_or(0), device.gid.value_or(0)});
  }
  for (const auto& link : links) {
    draft.add<Actor::init>("", step::MakeSymlink{InsidePath(link.path), link.target, link.replace,
                                                 link.only_if_exists});
  }
  return {};
}

}  // namespace tare::runtime
