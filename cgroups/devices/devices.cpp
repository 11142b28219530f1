// SPDX-License-Identifier: Apache-2.0
#include "cgroups/devices/devices.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace tare::cgroups {

namespace {

using Type = DeviceRule::Type;

constexpr std::uint32_t no_number = std::numeric_limits<std::uint32_t>::max();

struct DefaultDevice {
  Type type;
  std::uint32_t major;
  std::uint32_t minor;
  unsigned access;
};
constexpr DefaultDevice default_devices[] = {
    {Type::character, no_number, no_number, BPF_DEVCG_ACC_MKNOD},
    {Type::block, no_number, no_number, BPF_DEVCG_ACC_MKNOD},
    {Type::character, 1, 3, every_access},            // null
    {Type::character, 1, 5, every_access},            // zero
    {Type::character, 1, 7, every_access},            // full
    {Type::character, 1, 8, every_access},            // random
    {Type::character, 1, 9, every_access},            // urandom
    {Type::character, 5, 0, every_access},            // tty
    {Type::character, 5, 2, every_access},            // ptmx
    {Type::character, 136, no_number, every_access},  // pts/N
    {Type::character, 10, 200, every_access},         // net/tun
};

std::optional<std::uint32_t> number_of(std::uint32_t value) {
  return value == no_number ? std::nullopt : std::optional(value);
}

Result<Type> parse_type(const std::string& type, const std::string& pointer) {
  if (type.empty() || type == "a") return Type::any;
  if (type == "b") return Type::block;
  if (type == "c" || type == "u") return Type::character;
  return Error::config(pointer + "/type", "unknown device type " + quote(type));
}

Result<unsigned> parse_access(const oci::DeviceCgroup& rule, const std::string& pointer) {
  if (rule.access.empty() && !rule.allow) return every_access;  // no access named means all
  if (rule.access.empty()) return Error::config(pointer + "/access", "allows no access");
  unsigned access = 0;
  for (const char letter : rule.access) {
    switch (letter) {
      case 'r':
        access |= BPF_DEVCG_ACC_READ;
        break;
      case 'w':
        access |= BPF_DEVCG_ACC_WRITE;
        break;
      case 'm':
        access |= BPF_DEVCG_ACC_MKNOD;
        break;
      default:
        return Error::config(pointer + "/access",
                             "unknown access in " + quote(rule.access) + " (known: r, w, m)");
    }
  }
  return access;
}

Result<std::optional<std::uint32_t>> parse_device_number(std::optional<std::int64_t> number,
                                                         const std::string& pointer) {
  if (!number) return std::optional<std::uint32_t>();
  if (*number < 0 || *number > std::numeric_limits<std::int32_t>::max()) {
    return Error::config(pointer, std::to_string(*number) + " is not a device number");
  }
  return std::optional(static_cast<std::uint32_t>(*number));
}

Result<DeviceRule> parse_rule(const oci::DeviceCgroup& rule, std::string pointer) {
  DeviceRule parsed;
  parsed.allow = rule.allow;
  parsed.type = TRY(parse_type(rule.type, pointer));
  parsed.access = TRY(parse_access(rule, pointer));
  if (parsed.type != Type::any) {
    parsed.major = TRY(parse_device_number(rule.major, pointer + "/major"));
    parsed.minor = TRY(parse_device_number(rule.minor, pointer + "/minor"));
  }
  parsed.origin = std::move(pointer);
  return parsed;
}

bool is_for_all(const DeviceRule& rule) {
  return rule.type == Type::any && rule.access == every_access;
}

}  // namespace

Result<std::vector<DeviceRule>> device_rules(const std::vector<oci::DeviceCgroup>& rules) {
  std::vector<DeviceRule> all;
  all.push_back({false, Type::any, {}, {}, every_access, {}});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    all.push_back(TRY(parse_rule(rules[i], "/linux/resources/devices/" + std::to_string(i))));
  }
  for (const DefaultDevice& device : default_devices) {
    all.push_back(
        {true, device.type, number_of(device.major), number_of(device.minor), device.access, {}});
  }
  return all;
}

bool allow_everything(const std::vector<DeviceRule>& rules) {
  const auto decisive = std::find_if(rules.rbegin(), rules.rend(), [](const DeviceRule& rule) {
    return !rule.allow || is_for_all(rule);
  });
  return decisive != rules.rend() && decisive->allow;
}

}  // namespace tare::cgroups
