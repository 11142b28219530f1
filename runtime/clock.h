// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tare::runtime {

// RFC 3339 with nanoseconds, UTC: "2026-11-24T10:00:00.123456789Z".
std::string utc_now();

}  // namespace tare::runtime
