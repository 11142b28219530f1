// SPDX-License-Identifier: Apache-2.0
//
// Numbers with a unit, as callers in Go write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "oci/output/events.h"

namespace tare::runtime {

// Go's time.ParseDuration: "5s", "100ms", "1m30s", "1.5h", "-2s", "0". The units are ns, us, µs,
// ms, s, m, h. Nothing for other words, or beyond ±292 years. A fraction of a nanosecond is
// dropped.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// Bytes, as in docker's go-units: "1024", "512m", "512 MB", "1.5GiB". A unit is always a power of
// 1024; only its first letter counts. Nothing for other words, signs, and 2^63 or more. (An option
// that accepts "-1" as a limit reads it itself.)
std::optional<std::int64_t> parse_bytes(std::string_view text);

// "RESOURCE:some|full:STALL/WINDOW", such as "memory:some:150ms/1s": a trigger that the kernel may
// accept (psi.rst). The resources are cpu, memory, io and irq (irq only with "full"). The window is
// 500ms to 10s.
std::optional<oci::PressureTrigger> parse_pressure_trigger(std::string_view text);

}  // namespace tare::runtime
