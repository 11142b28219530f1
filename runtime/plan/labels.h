// SPDX-License-Identifier: Apache-2.0
//
// AppArmor and SELinux: which process and which mounts get a label.
#pragma once

#include <string>
#include <utility>

#include "runtime/plan/draft.h"

namespace tare::runtime {

// Refuses what the host's kernel cannot enforce; else init keeps the directory of its attributes.
Result<void> plan_labels(Draft& draft);

// What the stub writes: its next program runs under it.
void plan_process_labels(Draft& draft);

// linux.mountLabel as an option of a new file system, or two empty texts.
std::pair<std::string, std::string> mount_label(const Draft& draft);

// The same for a file system of the config, where its type takes one.
void label_filesystem(step::MountFilesystem& mount, const Draft& draft);

}  // namespace tare::runtime
