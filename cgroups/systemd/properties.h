// SPDX-License-Identifier: Apache-2.0
//
// What systemd must know of a container's scope, as properties of the unit: the limits too, since a
// `systemctl daemon-reload` writes all that systemd knows once more.
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
  // One alternative for each type on the bus that systemd's properties have, as far as they are
  // used: b, i, u, x, t, d, s, as, ay, a(ss).
  using Value =
      std::variant<bool, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, double,
                   std::string, std::vector<std::string>, std::vector<std::uint8_t>, Pairs>;
  std::string name;
  Value value;

  bool operator==(const Property&) const = default;
};

// What every container's scope has.
std::vector<Property> scope_properties(const Scope& scope, const std::string& id);

// systemd.resource-control(5): those of the writes (writes.h) that are of a file which systemd
// writes too. The last write of a file counts.
std::vector<Property> limit_properties(const std::vector<Write>& limits);

// DevicePolicy= and DeviceAllow=. Rules that no list of exceptions tells are left to the program
// that restrict_devices attaches: systemd allows everything then, and both must allow.
std::vector<Property> device_properties(const std::vector<DeviceRule>& rules);

// Annotations "org.systemd.property.NAME": the value is in GVariant's text format, "uint64 5" or
// "['a', 'b']". A name that ends in Sec is in seconds, where the bus has USec. Errors are at the
// annotation.
Result<std::vector<Property>> annotated_properties(
    const std::map<std::string, std::string>& annotations);

}  // namespace tare::cgroups
