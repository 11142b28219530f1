// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/mounts.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "base/mountinfo.h"
#include "base/text.h"
#include "runtime/plan/visible.h"

namespace tare::runtime {

namespace {

const step::MountTree* as_bind(const Step& step) {
  const auto* mount = std::get_if<step::MountTree>(&step.action);
  return mount != nullptr && step.origin.starts_with("/mounts/") ? mount : nullptr;
}

std::string external(const std::string& key, const std::string& value) {
  return "mnt[" + key + "]:" + value;
}

std::string device_numbers(dev_t device) {
  return std::to_string(major(device)) + ":" + std::to_string(minor(device));
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 2 * sizeof number> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return {digits.data(), end.ptr};
}

// Masks and devices of an unprivileged user's container are nodes of the host's /dev.
std::set<std::string> host_devices(const Plan& plan) {
  std::set<std::string> paths{"/dev/null"};
  for (const Step& step : plan.steps) {
    if (const auto* device = std::get_if<step::OpenTree>(&step.action)) {
      if (device->device_type != 0) paths.insert(device->path);
    }
  }
  return paths;
}

// The name of an external mount in a dump; nothing for the container's own mounts.
std::optional<std::string> name_outside(const MountLine& mount, const std::vector<FoundBind>& binds,
                                        const std::string& host_devices) {
  for (const FoundBind& bind : binds) {
    if (bind.mount == mount.number) return bind.destination;
  }
  if (mount.device == host_devices && mount.root != "/") return "/dev" + mount.root;
  return std::nullopt;
}

}  // namespace

std::vector<std::string> bind_destinations(const Plan& plan) {
  std::vector<std::string> found;
  for (const Step& step : plan.steps) {
    if (const auto* bind = as_bind(step)) found.push_back(bind->destination.shown);
  }
  return found;
}

std::vector<std::string> dumped_mounts(std::string_view mountinfo,
                                       const std::vector<FoundBind>& binds, dev_t host_devices) {
  const std::string devices = device_numbers(host_devices);
  std::vector<std::string> found;
  for (const MountLine& mount : parse_mountinfo(mountinfo)) {
    const auto name = name_outside(mount, binds, devices);
    if (name) found.push_back(external(mount.point, *name));
  }
  return found;
}

std::vector<std::string> foreign_mounts(std::string_view mountinfo,
                                        const std::vector<FoundBind>& binds, dev_t host_devices) {
  const std::string devices = device_numbers(host_devices);
  const std::vector<MountLine> mounts = parse_mountinfo(mountinfo);
  // CRIU restores these itself; they may be bind-mounted elsewhere, too.
  const auto is_origin = [&](const MountLine& mount) {
    return mount.point == "/" || mount.root == "/" || name_outside(mount, binds, devices);
  };
  std::vector<std::string> found;
  for (const MountLine& mount : mounts) {
    // CRIU handles the roots of cgroup namespaces.
    if (is_origin(mount) || mount.type.starts_with("cgroup")) continue;
    const bool is_bound = std::any_of(mounts.begin(), mounts.end(), [&](const MountLine& other) {
      return is_origin(other) && other.device == mount.device &&
             is_at_or_below(mount.root, other.root);
    });
    if (!is_bound) found.push_back(mount.point);
  }
  return found;
}

std::optional<std::string> outside_file(std::string_view mountinfo,
                                        const oci::RecordedStream& stream) {
  if (stream.mount == 0) return std::nullopt;
  for (const MountLine& mount : parse_mountinfo(mountinfo)) {
    if (mount.number == stream.mount) return std::nullopt;
  }
  return "file[" + hexadecimal(stream.mount) + ":" + hexadecimal(stream.inode) + "]";
}

std::vector<std::string> restored_mounts(const Plan& plan) {
  std::vector<std::string> found;
  for (const Step& step : plan.steps) {
    if (const auto* bind = as_bind(step)) {
      found.push_back(external(bind->destination.shown, bind->source));
    }
  }
  for (const std::string& path : host_devices(plan)) found.push_back(external(path, path));
  return found;
}

}  // namespace tare::runtime
