// SPDX-License-Identifier: Apache-2.0
//
// The table of "Linux mount options" (config.md): the meaning of each option in mounts[].options.
// `features` prints the same table.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/plan/owner_mappings.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

struct MountOptions {
  bool bind = false;
  bool recursive = false;  // rbind
  bool remount = false;
  bool copy_up = false;                                     // tmpcopyup
  step::SourceLink source_link = step::SourceLink::follow;  // src-nofollow, copy-symlink
  bool onto_link = false;                                   // dest-nofollow
  bool id_map = false;                                      // idmap, ridmap
  bool id_map_recursive = false;
  OwnerMappings owners;  // idmap=...
  MountAttributes attributes;
  std::vector<std::string> superblock_flags;  // under fsconfig's names: "ro", "sync"
  std::vector<unsigned long> propagation;  // MS_SHARED, MS_PRIVATE|MS_REC, ... in the given order
  std::vector<std::pair<std::string, std::string>> data;  // options for the file system
  [[nodiscard]] bool read_only() const;
};

// `pointer` names the mount in config.json, for errors.
Result<MountOptions> parse_mount_options(const oci::Mount& mount, const std::string& pointer);

// All options of the table that tare supports, sorted.
std::vector<std::string> known_mount_options();

}  // namespace tare::runtime
