// SPDX-License-Identifier: Apache-2.0
//
// What the container sees of a config's mounts when all of them are made: a later one covers what
// is at its destination and below.
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

// The mount that shows at `path`, by its index; nothing if that is the root file system.
std::optional<std::size_t> mount_shown_at(const std::vector<oci::Mount>& mounts,
                                          std::string_view path);

// True for a procfs or sysfs, new or bound, that the container sees at its destination: protected
// paths in it are found by its descriptor, and its name is verified at the end.
bool shows_kernel(const std::vector<oci::Mount>& mounts, std::size_t index);

// The destination of the one that `path` is in; empty if it is in none.
std::string kernel_mount_of(const std::vector<oci::Mount>& mounts, std::string_view path);

}  // namespace tare::runtime
