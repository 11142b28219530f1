// SPDX-License-Identifier: Apache-2.0
#include "oci/annotations.h"

#include "base/text.h"

namespace tare::oci {

const std::string* find_annotation(const Annotations& annotations, std::string_view name) {
  const auto entry = annotations.find(std::string(name));
  return entry != annotations.end() && !entry->second.empty() ? &entry->second : nullptr;
}

bool is_on(const Annotations& annotations, std::string_view name) {
  const std::string* value = find_annotation(annotations, name);
  return value != nullptr && *value != "0" && *value != "false";
}

namespace {

// The value becomes a cgroup name of the container, so it must be one path component. Annotations
// are not trusted and must not lead out of the container's cgroup.
Result<void> check_cgroup_name(const Annotations& annotations, std::string_view annotation) {
  const std::string* name = find_annotation(annotations, annotation);
  if (name == nullptr) return {};
  constexpr std::size_t name_max = 255;  // NAME_MAX
  const bool is_plain = name->find('/') == std::string::npos && !has_control_character(*name);
  if (is_plain && *name != "." && *name != ".." && name->size() <= name_max) return {};
  return Error::config("/annotations/" + std::string(annotation),
                       quote(shortened(*name)) +
                           " is not a valid cgroup name: use one component of a "
                           "path, of at most 255 bytes");
}

}  // namespace

Result<void> apply_annotations(Config& config) {
  const std::string* receiver = find_annotation(config.annotations, annotation::seccomp_receiver);
  if (receiver != nullptr && config.linux_ && config.linux_->seccomp &&
      config.linux_->seccomp->listenerPath.empty()) {
    config.linux_->seccomp->listenerPath = *receiver;
  }
  TRY(check_cgroup_name(config.annotations, annotation::systemd_subgroup));
  return check_cgroup_name(config.annotations, annotation::delegated_cgroup);
}

std::vector<std::string> unsafe_annotations() {
  return {"run.oci.", "org.criu.config", "org.systemd.property."};
}

}  // namespace tare::oci
