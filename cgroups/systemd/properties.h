// SPDX-License-Identifier: Apache-2.0
//
// The properties of a container's scope. They include the limits, because `systemctl daemon-reload`
// writes all values that systemd knows again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cgroups/devices/devices.h"
#include "cgroups/limits/writes.h"
#include "cgroups/systemd/scope.h"

namespace tare::cgroups {

struct Property {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  // One alternative for each D-Bus type of a property that tare uses: b, i, u, x, t, d, s, as, ay,
  // a(ss).
  using Value =
      std::variant<bool, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, double,
                   std::string, std::vector<std::string>, std::vector<std::uint8_t>, Pairs>;
  std::string name;
  Value value;

  bool operator==(const Property&) const = default;
};

// The properties of every container's scope.
std::vector<Property> scope_properties(const Scope& scope, const std::string& id);

// systemd.resource-control(5): the properties for those writes (writes.h) whose file systemd
// writes, too. The last write of a file counts.
std::vector<Property> limit_properties(const std::vector<Write>& limits);

// DevicePolicy= and DeviceAllow=. If a list of exceptions cannot express the rules, systemd allows
// everything, and the program of restrict_devices decides; both must allow.
std::vector<Property> device_properties(const std::vector<DeviceRule>& rules);

// Annotations "org.systemd.property.NAME": the value is in GVariant's text format, "uint64 5" or
// "['a', 'b']". A name that ends in Sec is in seconds; on the bus it is USec. Errors are at the
// annotation.
Result<std::vector<Property>> annotated_properties(
    const std::map<std::string, std::string>& annotations);

}  // namespace tare::cgroups
