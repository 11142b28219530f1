// SPDX-License-Identifier: Apache-2.0
#include "oci/annotations.h"

namespace tare::oci {

const std::string* find(const Annotations& annotations, std::string_view name) {
  const auto entry = annotations.find(std::string(name));
  return entry != annotations.end() && !entry->second.empty() ? &entry->second : nullptr;
}

bool is_on(const Annotations& annotations, std::string_view name) {
  const std::string* value = find(annotations, name);
  return value != nullptr && *value != "0" && *value != "false";
}

Result<void> apply_annotations(Config& config) {
  const std::string* receiver = find(config.annotations, annotation::seccomp_receiver);
  if (receiver != nullptr && config.linux_ && config.linux_->seccomp &&
      config.linux_->seccomp->listenerPath.empty()) {
    config.linux_->seccomp->listenerPath = *receiver;
  }
  if (find(config.annotations, annotation::delegated_cgroup) != nullptr) {
    return Error::unsupported("/annotations/" + std::string(annotation::delegated_cgroup),
                              "not carried out by this version of tare");
  }
  return {};
}

std::vector<std::string> unsafe_annotations() {
  return {"run.oci."};
}

}  // namespace tare::oci
