// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace tare::runtime {

// Reads passwd(5) itself, because getpwuid(3) would load name services into a static program.
// Returns the number of a user without an entry.
std::string user_name(uid_t uid);

}  // namespace tare::runtime
