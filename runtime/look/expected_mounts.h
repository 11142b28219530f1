// SPDX-License-Identifier: Apache-2.0
//
// The mounts that a container has by its plan, when all of its steps are done: a later one covers
// what is at its place and below.
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
    mask,       // no more than that: something empty
    read_only,  // a path of linux.readonlyPaths
    device,     // /dev/console, which not every image has
  };

  std::string origin;
  std::string path;  // in the container
  Kind kind = Kind::mount;
  std::string type;               // of the file system; empty: any
  std::string source;             // path on the host of what it shows; empty: a new file system
  std::uint64_t flags = 0;        // MOUNT_ATTR_*
  std::uint64_t known = 0;        // those of which the config says whether they are set
  unsigned long propagation = 0;  // MS_SHARED, ...; 0: whatever a container gets
  bool superblock_read_only = false;
  bool mapped = false;                                    // the owners of its files
  bool brings_more = false;                               // what is mounted below it on the host
  std::vector<std::pair<std::string, std::string>> data;  // options of the file system

  [[nodiscard]] bool is_read_only() const;
};

std::vector<ExpectedMount> expected_mounts(const Plan& plan);

}  // namespace tare::runtime
