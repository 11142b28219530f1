// SPDX-License-Identifier: Apache-2.0
//
// A file of the container that a device is bind mounted on. It is taken by name in an open
// directory and never through a link, which an image could have put there (CVE-2026-88264).
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "runtime/do/inside.h"

namespace tare::runtime {

// Makes an empty file unless something is there already.
Call<void> make_file_target(const Inside::Place& place, mode_t mode);

// ENOENT if there is no file, ELOOP if it is a link.
Call<void> attach_to_file(int mount, const Inside::Place& place);

}  // namespace tare::runtime
