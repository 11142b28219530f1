// SPDX-License-Identifier: Apache-2.0
//
// The limits of a container, from the files of its cgroup and its ancestors.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "oci/output/limits.h"

namespace tare::runtime {

Result<oci::Limits> read_limits(const std::string& id,
                                const std::vector<cgroups::Directory>& directories);

// The one that is closest to its limit. Null if none has a limit.
const oci::LimitOfCgroup* nearest_to_limit(const std::vector<oci::LimitOfCgroup>& cgroups);

// "max", "-1" and the largest number of pages mean no limit.
std::optional<std::uint64_t> parse_limit(std::string_view text);
// "mlx4_0 hca_handle=2 hca_object=max": 2 for hca_handle.
std::optional<std::uint64_t> parse_device_limit(std::string_view text, std::string_view device,
                                                std::string_view key);
// In thousandths of a CPU: "50000 100000" is 500. Nothing if there is no quota.
std::optional<std::uint64_t> parse_quota(std::string_view quota, std::string_view period);

}  // namespace tare::runtime
