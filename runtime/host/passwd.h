// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace tare::runtime {

// passwd(5) by hand: getpwuid(3) would load name services into a static program. Of who is not in
// it, the number.
std::string user_name(uid_t uid);

}  // namespace tare::runtime
