// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.h"

namespace tare::runtime {

// `attributes` is /proc/thread-self/attr.
Call<void> write_attribute(int attributes, const char* name, std::string_view text);

}  // namespace tare::runtime
