// SPDX-License-Identifier: Apache-2.0
//
// Labels of AppArmor and SELinux for the process and for mounts.
#pragma once

#include <string>
#include <utility>

#include "runtime/plan/draft.h"

namespace tare::runtime {

// The host asks for SELinux labels before it makes anything.
void plan_label_checks(Draft& draft);

// Refuses labels that the host's kernel cannot enforce. Otherwise init keeps the directory of its
// attributes.
Result<void> plan_labels(Draft& draft);

// The label that the stub writes for its next program.
void plan_process_labels(Draft& draft);

// linux.mountLabel as an option of a new file system, or two empty texts.
std::pair<std::string, std::string> mount_label(const Draft& draft);

// The same for a file system of the config, if its type supports the option.
void label_filesystem(step::MountFilesystem& mount, const Draft& draft);

}  // namespace tare::runtime
