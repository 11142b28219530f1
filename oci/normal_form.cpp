// SPDX-License-Identifier: Apache-2.0
#include "oci/normal_form.h"

#include "base/text.h"

namespace tare::oci {

std::string lexically_clean(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string cleaned;
  for (const std::string_view part : kept) cleaned.append("/").append(part);
  return cleaned.empty() ? "/" : cleaned;
}

namespace {

void clean_absolute(std::string& path) {
  if (path.starts_with('/')) path = lexically_clean(path);
}

// config-linux.md, "Allowed Device list": an absent number means all. Docker writes -1 for its `*`.
void absent_if_all(std::optional<std::int64_t>& number) {
  if (number == -1) number.reset();
}

}  // namespace

void bring_into_normal_form(Resources& resources) {
  for (DeviceCgroup& rule : resources.devices) {
    absent_if_all(rule.major);
    absent_if_all(rule.minor);
  }
}

// config.md, "Mounts": a relative destination is taken from the root.
void bring_into_normal_form(std::vector<Mount>& mounts) {
  for (Mount& mount : mounts) {
    if (mount.destination.empty()) continue;
    mount.was_relative = mount.was_relative || !mount.destination.starts_with('/');
    mount.destination = lexically_clean(mount.destination);
  }
}

void bring_into_normal_form(Config& config) {
  bring_into_normal_form(config.mounts);
  if (!config.linux_) return;
  for (Device& device : config.linux_->devices) clean_absolute(device.path);
  for (std::string& path : config.linux_->maskedPaths) clean_absolute(path);
  for (std::string& path : config.linux_->readonlyPaths) clean_absolute(path);
  if (config.linux_->resources) bring_into_normal_form(*config.linux_->resources);
}

}  // namespace tare::oci
