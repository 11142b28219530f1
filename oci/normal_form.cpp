// SPDX-License-Identifier: Apache-2.0
#include "oci/normal_form.h"

namespace tare::oci {

namespace {

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

void bring_into_normal_form(Config& config) {
  if (config.linux_ && config.linux_->resources) bring_into_normal_form(*config.linux_->resources);
}

}  // namespace tare::oci
