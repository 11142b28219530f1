// SPDX-License-Identifier: Apache-2.0
#include "oci/config/devices.h"

#include <sys/stat.h>

#include <map>
#include <string_view>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

void check_device_number(std::int64_t major, std::int64_t minor, const Place& place,
                         Problems& problems) {
  constexpr std::int64_t highest_major = (1 << 12) - 1, highest_minor = (1 << 20) - 1;
  if (major < 0 || major > highest_major) {
    problems.add(Place(place, "major"), "must be from 0 to 4095, is " + std::to_string(major));
  }
  if (minor < 0 || minor > highest_minor) {
    problems.add(Place(place, "minor"), "must be from 0 to 1048575, is " + std::to_string(minor));
  }
}

namespace {

using Devices = std::vector<Device>;

struct DeviceType {
  std::string_view name;
  mode_t format;
};
constexpr DeviceType device_types[] = {
    // mknod(1)
    {"c", S_IFCHR},
    {"u", S_IFCHR},
    {"b", S_IFBLK},
    {"p", S_IFIFO},
};

const DeviceType* find_device_type(std::string_view name) {
  for (const DeviceType& type : device_types) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

template <class Check>
void for_each_device(const Devices& devices, const Place& place, const Check& check) {
  for (std::size_t i = 0; i < devices.size(); ++i) check(devices[i], Place(place, i));
}

// config-linux.md, "Devices": an absolute path with a valid last component.
void device_paths(const Devices& devices, const Place& place, Problems& problems) {
  for_each_device(devices, place, [&](const Device& device, const Place& at) {
    if (device.path.starts_with('/') && device.path != "/") return;
    problems.add(Place(at, "path"), "must be an absolute path to a file, is " + quote(device.path));
  });
}

// config-linux.md, "Devices": c, b, u or p; a fifo has no numbers.
void device_types_and_numbers(const Devices& devices, const Place& place, Problems& problems) {
  for_each_device(devices, place, [&](const Device& device, const Place& at) {
    if (find_device_type(device.type) == nullptr) {
      problems.add(Place(at, "type"), "must be c, b, u or p, is " + quote(device.type));
    } else if (device.type != "p") {
      if (!device.major) problems.add(Place(at, "major"), "is required for a device");
      if (!device.minor) problems.add(Place(at, "minor"), "is required for a device");
      check_device_number(device.major.value_or(0), device.minor.value_or(0), at, problems);
    }
  });
}

// inode(7): permission bits. Engines also send the file type, which must then match the device.
void device_modes(const Devices& devices, const Place& place, Problems& problems) {
  for_each_device(devices, place, [&](const Device& device, const Place& at) {
    const std::uint32_t mode = device.fileMode.value_or(0);
    const DeviceType* type = find_device_type(device.type);
    const std::uint32_t format = mode & ~std::uint32_t{07777};
    if (format == 0 || (type != nullptr && format == type->format)) return;
    problems.add(Place(at, "fileMode"),
                 std::to_string(mode) + " has bits that are not permission bits");
  });
}

// setresuid(2): 2^32 - 1 means "no change".
void device_owners(const Devices& devices, const Place& place, Problems& problems) {
  constexpr std::uint32_t no_id = 0xFFFFFFFF;
  for_each_device(devices, place, [&](const Device& device, const Place& at) {
    if (device.uid == no_id) problems.add(Place(at, "uid"), "4294967295 is not an id");
    if (device.gid == no_id) problems.add(Place(at, "gid"), "4294967295 is not an id");
  });
}

bool same_node(const Device& one, const Device& other) {
  return one.type == other.type && one.major == other.major && one.minor == other.minor;
}

// config-linux.md, "Devices": a file that does not match the entry is an error, so two entries for
// a path must not differ.
void device_conflicts(const Devices& devices, const Place& place, Problems& problems) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const Device& device = devices[i];
    const auto [earlier, is_new] = seen.emplace(device.path, i);
    if (is_new || same_node(devices[earlier->second], device)) continue;
    const Place at(place, i);
    problems.add(Place(at, "path"),
                 "is another device than that of entry " + std::to_string(earlier->second));
  }
}

}  // namespace

void check(const Devices& devices, const Place& place, Problems& problems) {
  static constexpr Rule<Devices> rules[] = {device_paths, device_types_and_numbers, device_modes,
                                            device_owners, device_conflicts};
  check_rules<Devices>(rules, devices, place, problems);
}

}  // namespace tare::oci
