// SPDX-License-Identifier: Apache-2.0
//
// Numbers with a unit, as callers written in Go spell them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "oci/output/events.h"

namespace tare::runtime {

// Go's time.ParseDuration: "5s", "100ms", "1m30s", "1.5h", "-2s", "0". Units ns, us, µs, ms, s, m,
// h. Nothing for other words and beyond ±292 years. A fraction of a nanosecond is dropped.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// Bytes, as docker's go-units reads them: "1024", "512m", "512 MB", "1.5GiB". A unit is a power of
// 1024 whatever follows its letter. Nothing for other words, signs and 2^63 or more. (A limit's
// "-1" is for the option that takes it to read.)
std::optional<std::int64_t> parse_bytes(std::string_view text);

// "RESOURCE:some|full:STALL/WINDOW", as "memory:some:150ms/1s": what the kernel may take (psi.rst).
// Resources are cpu, memory, io and irq, the last one with "full" only; windows 500ms to 10s.
std::optional<oci::PressureTrigger> parse_pressure_trigger(std::string_view text);

}  // namespace tare::runtime
