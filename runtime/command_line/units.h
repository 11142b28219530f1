// SPDX-License-Identifier: Apache-2.0
//
// Numbers with units, for users.
#pragma once

#include <cstdint>
#include <string>

namespace tare::runtime {

std::string shown_bytes(std::uint64_t bytes);              // "64 MiB", "1.5 GiB", "512 B"
std::string shown_duration(std::uint64_t nanoseconds);     // "1.2 s", "12 ms", "90 us"
std::string shown_thousandths(std::uint64_t thousandths);  // "0.5", "2", "0.125"

}  // namespace tare::runtime
