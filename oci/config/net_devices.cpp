// SPDX-License-Identifier: Apache-2.0
#include "oci/config/net_devices.h"

#include <set>
#include <string_view>

#include "base/text.h"
#include "oci/config.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// dev_valid_name() of net/core/dev.c.
bool is_device_name(std::string_view name) {
  constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
  return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

// config-linux.md, "Network Devices": or a template, for which the kernel finds a number.
bool is_device_template(std::string_view name) {
  const std::size_t percent = name.find('%');
  return percent != std::string_view::npos && name.substr(percent, 2) == "%d" &&
         name.find('%', percent + 1) == std::string_view::npos;
}

// config-linux.md, "Network Devices": moved into a namespace of the container's own.
void net_device_namespace(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_ || config.linux_->netDevices.empty()) return;
  const Place linux_part(document, "linux");
  if (find_namespace(config, NamespaceType::network) != nullptr) return;
  problems.add(Place(linux_part, "netDevices"), "needs a network namespace");
}

void net_device_names(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "netDevices");
  std::set<std::string_view> targets;
  for (const auto& [host, device] : config.linux_->netDevices) {
    const Place at(place, host);
    if (!is_device_name(host)) problems.add(at, "is no name of a network device");
    const std::string_view target = device.name.empty() ? host : device.name;
    const bool is_template = is_device_template(target);
    const bool is_plain = target.find('%') == std::string_view::npos;
    if (!device.name.empty() && (!is_device_name(target) || (!is_template && !is_plain))) {
      problems.add(Place(at, "name"), quote(device.name) + " is no name of a network device");
    }
    if (!is_template && !targets.insert(target).second) {
      problems.add(at, "another device gets the name " + quote(target));
    }
  }
}

}  // namespace

void check_net_devices(const Config& config, const Place& document, Problems& problems) {
  net_device_namespace(config, document, problems);
  net_device_names(config, document, problems);
}

}  // namespace tare::oci
