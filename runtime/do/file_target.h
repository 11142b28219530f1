// SPDX-License-Identifier: Apache-2.0
//
// A file of the container as the target of a device's bind mount. tare opens it by name in an open
// directory and never follows a link, because the image could contain one (CVE-2026-88264).
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "runtime/do/context.h"
#include "runtime/do/inside.h"

namespace tare::runtime {

// Makes an empty file, unless the name exists.
Call<void> make_file_target(const Inside::Place& place, mode_t mode);

// ENOENT if there is no file, ELOOP if it is a symbolic link.
Call<void> attach_to_file(LaunchContext& context, int mount, const Inside::Place& place);

}  // namespace tare::runtime
