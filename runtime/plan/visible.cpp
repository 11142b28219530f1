// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/visible.h"

#include "runtime/plan/mount_options.h"

namespace tare::runtime {

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory == "/" || path == directory) return true;
  return path.starts_with(directory) && path[directory.size()] == '/';
}

namespace {

// False for entries that change an existing mount.
bool mounts_something(const oci::Mount& mount) {
  const Result<MountOptions> options = parse_mount_options(mount, "");
  if (!options.ok() || options->remount) return false;
  return options->bind || !(mount.type.empty() || mount.type == "none");
}

bool is_kernels(const oci::Mount& mount) {
  const bool has_type = mount.type == "proc" || mount.type == "sysfs";
  const bool has_place = mount.destination == "/proc" || mount.destination == "/sys";
  if (!has_type && !has_place) return false;
  const Result<MountOptions> options = parse_mount_options(mount, "");
  return options.ok() && (options->bind ? has_place : has_type);
}

}  // namespace

std::optional<std::size_t> mount_shown_at(const std::vector<oci::Mount>& mounts,
                                          std::string_view path) {
  for (std::size_t i = mounts.size(); i-- > 0;) {
    if (is_at_or_below(path, mounts[i].destination) && mounts_something(mounts[i])) return i;
  }
  return std::nullopt;
}

bool shows_kernel(const std::vector<oci::Mount>& mounts, std::size_t index) {
  return is_kernels(mounts[index]) && mount_shown_at(mounts, mounts[index].destination) == index;
}

std::string kernel_mount_of(const std::vector<oci::Mount>& mounts, std::string_view path) {
  std::string nearest;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const std::string& place = mounts[i].destination;
    const bool is_nearer = place.size() > nearest.size() && is_at_or_below(path, place);
    if (is_nearer && shows_kernel(mounts, i)) nearest = place;
  }
  return nearest;
}

}  // namespace tare::runtime
