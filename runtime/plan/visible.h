// SPDX-License-Identifier: Apache-2.0
//
// Which of a config's mounts the container sees at the end: a later mount covers everything at its
// destination and below.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/config.h"

namespace tare::runtime {

// "/a" and "/a/b" are at or below "/a"; everything is below "/".
bool is_at_or_below(std::string_view path, std::string_view directory);

// The index of the mount that is visible at `path`; nothing if that is the root file system.
std::optional<std::size_t> mount_shown_at(const std::vector<oci::Mount>& mounts,
                                          std::string_view path);

// True for a procfs or sysfs, new or bind-mounted, that the container sees at its destination.
// Protected paths in it are found by its descriptor, and its name is verified at the end.
bool shows_kernel(const std::vector<oci::Mount>& mounts, std::size_t index);

// The destination of the one that contains `path`; empty if none does.
std::string kernel_mount_of(const std::vector<oci::Mount>& mounts, std::string_view path);

}  // namespace tare::runtime
