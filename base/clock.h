// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <chrono>
#include <string>

namespace tare {

// RFC 3339 with nanoseconds, UTC: "2026-11-24T10:00:00.123456789Z".
std::string utc_now();
std::string utc(const timespec& time);
// The same without a fraction: "2026-11-24T10:00:00Z".
std::string utc_seconds(std::chrono::sys_seconds time);

// The timeout for poll(2) until then, rounded up; 0 if it is past. A distant time needs several
// calls.
int milliseconds_until(std::chrono::steady_clock::time_point time);

}  // namespace tare
