// SPDX-License-Identifier: Apache-2.0
//
// The value of crun's mount option "idmap=uids=0-1-10#10-11-10;gids=0-100-10". podman up to 4.3
// passes it on instead of uidMappings and gidMappings of the mount.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config/id_mappings.h"

namespace tare::runtime {

// containerID is the owner in the file system, as in mappings of a mount.
struct OwnerMapping {
  oci::IDMapping ids;
  bool relative = false;  // written with "@": hostID is an ID of the container
};

struct OwnerMappings {
  std::vector<OwnerMapping> uids;
  std::vector<OwnerMapping> gids;
};

// `place` names the option in config.json, for errors.
Result<OwnerMappings> parse_owner_mappings(std::string_view text, const std::string& place);

// Replaces the container's IDs of relative mappings by the host's. Without `container`, which are
// the mappings of its user namespace, both are the same.
Result<std::vector<oci::IDMapping>> on_host(const std::vector<OwnerMapping>& mappings,
                                            const std::vector<oci::IDMapping>& container,
                                            const std::string& place);

}  // namespace tare::runtime
