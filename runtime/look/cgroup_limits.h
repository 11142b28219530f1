// SPDX-License-Identifier: Apache-2.0
//
// The limits of a container as the files of its cgroups have them, and those of the cgroups above.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroups/hierarchy/place.h"
#include "oci/output/limits.h"

namespace tare::runtime {

Result<oci::Limits> read_limits(const std::string& id,
                                const std::vector<cgroups::Directory>& directories);

// The one with the least left of its limit; null if none has a limit.
const oci::LimitOfCgroup* nearest_to_limit(const std::vector<oci::LimitOfCgroup>& cgroups);

// "max", "-1" and the largest number of pages are none.
std::optional<std::uint64_t> parse_limit(std::string_view text);
// Thousandths of a CPU: "50000 100000" are 500. Nothing without a quota.
std::optional<std::uint64_t> parse_quota(std::string_view quota, std::string_view period);

}  // namespace tare::runtime
