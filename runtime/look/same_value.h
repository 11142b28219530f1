// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace tare::runtime {

// Whether a kernel's file that reads `found` holds what was written to it as `wanted`: it rounds,
// completes, sorts and spells otherwise ("50000" reads "50000 100000", "0,1" reads "0-1"). `file`
// is the name of the cgroup file ("memory.max").
bool is_same_value(std::string_view file, std::string_view wanted, std::string_view found);

// The same of a file in /proc/sys: other spaces make no difference.
bool is_same_sysctl(std::string_view wanted, std::string_view found);

// Of an option of a file system as mountinfo has it: "64m" reads "65536k", "0620" reads "620".
bool is_same_option(std::string_view key, std::string_view wanted, std::string_view found);

}  // namespace tare::runtime
