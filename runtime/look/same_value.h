// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace tare::runtime {

// "0-2,7" and "0,1,2,7".
bool is_same_list(std::string_view wanted, std::string_view found);

// Returns true if a kernel file that contains `found` has the value `wanted`. The kernel rounds,
// completes, sorts and respells values ("50000" becomes "50000 100000", "0,1" becomes "0-1").
// `file` is the name of the cgroup file ("memory.max").
bool is_same_value(std::string_view file, std::string_view wanted, std::string_view found);

// The same for a file in /proc/sys, where different white space does not matter.
bool is_same_sysctl(std::string_view wanted, std::string_view found);

// The same for a file system option in mountinfo: "64m" becomes "65536k", "0620" becomes "620".
bool is_same_option(std::string_view key, std::string_view wanted, std::string_view found);

}  // namespace tare::runtime
