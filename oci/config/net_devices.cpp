// SPDX-License-Identifier: Apache-2.0
#include "oci/config/net_devices.h"

#include <set>
#include <string_view>

#include "base/text.h"
#include "oci/config/namespaces.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// dev_valid_name() of net/core/dev.c.
bool is_device_name(std::string_view name) {
  constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
  return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

// config-linux.md, "Network Devices": or a template, for which the kernel chooses a number.
bool is_device_template(std::string_view name) {
  const std::size_t percent = name.find('%');
  return percent != std::string_view::npos && name.substr(percent, 2) == "%d" &&
         name.find('%', percent + 1) == std::string_view::npos;
}

// config-linux.md, "Network Devices": they need a network namespace of the container.
void own_network(const std::map<std::string, NetDevice>& devices, const Namespaces& namespaces,
                 const Place& place, Problems& problems) {
  if (devices.empty() || find_namespace(namespaces, NamespaceType::network) != nullptr) return;
  problems.add(place, "needs a network namespace");
}

void device_names(const std::map<std::string, NetDevice>& devices, const Place& place,
                  Problems& problems) {
  std::set<std::string_view> targets;
  for (const auto& [host, device] : devices) {
    const Place at(place, host);
    if (!is_device_name(host)) problems.add(at, "is not a valid network device name");
    const std::string_view target = device.name.empty() ? host : device.name;
    const bool is_template = is_device_template(target);
    const bool is_plain = target.find('%') == std::string_view::npos;
    if (!device.name.empty() && (!is_device_name(target) || (!is_template && !is_plain))) {
      problems.add(Place(at, "name"), quote(device.name) + " is not a valid network device name");
    }
    if (!is_template && !targets.insert(target).second) {
      problems.add(at, "another device gets the name " + quote(target));
    }
  }
}

}  // namespace

void check(const std::map<std::string, NetDevice>& devices, const Namespaces& namespaces,
           const Place& place, Problems& problems) {
  own_network(devices, namespaces, place, problems);
  device_names(devices, place, problems);
}

}  // namespace tare::oci
