// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a container after all steps of its plan. A later mount covers the mounts at its
// path and below.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan.h"

namespace tare::runtime {

struct ExpectedMount {
  enum class Kind : std::uint8_t {
    mount,
    mask,       // something empty, with no other properties to check
    read_only,  // a path of linux.readonlyPaths
    device,     // /dev/console, which not every image has
  };

  std::string origin;
  std::string path;  // in the container
  Kind kind = Kind::mount;
  std::string type;               // of the file system; empty: any
  std::string source;             // the path on the host that it shows; empty: a new file system
  std::uint64_t flags = 0;        // MOUNT_ATTR_*
  std::uint64_t known = 0;        // the flags that the config determines
  unsigned long propagation = 0;  // MS_SHARED, ...; 0: the default of containers
  bool superblock_read_only = false;
  bool mapped = false;       // its files have mapped owners
  bool brings_more = false;  // includes the mounts below it on the host
  std::vector<std::pair<std::string, std::string>> data;  // options of the file system

  [[nodiscard]] bool is_read_only() const;
};

std::vector<ExpectedMount> expected_mounts(const Plan& plan);

}  // namespace tare::runtime
