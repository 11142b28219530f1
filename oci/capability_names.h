// SPDX-License-Identifier: Apache-2.0
//
// The names of capabilities(7).
#pragma once

#include <string_view>

namespace tare::oci {

// Upper or lower case, as libcap reads them.
bool is_capability(std::string_view name);

}  // namespace tare::oci
