// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "cgroups/limits/rows.h"

namespace tare::cgroups {

using oci::Resources;

std::string pointer_to(std::string_view below_resources) {
  return std::string("/linux/resources").append(below_resources);
}

// 0 is a limit like any other (config-linux.md, "PIDs"); negative numbers mean none.
Values pids_limit(const Resources& resources) {
  const auto limit = field<&Resources::pids, &oci::Pids::limit>(resources);
  if (!limit) return std::vector<Value>{};
  return std::vector<Value>{{*limit < 0 ? "max" : std::to_string(*limit), *limit < 0}};
}

Values swappiness(const Resources& resources) {
  const auto value = field<&Resources::memory, &oci::Memory::swappiness>(resources);
  if (!value) return std::vector<Value>{};
  return std::vector<Value>{{std::to_string(*value)}};
}

namespace {

// The name of an RDMA device is the first word of a line.
bool is_one_word(const std::string& name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20;
  });
}

// A name as a part of a JSON pointer: RFC 6901.
std::string pointer_part(const std::string& name) {
  std::string part;
  for (const char c : name) {
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else {
      part += c;
    }
  }
  return printable(part);
}

// "2MB", "64KB", "1GB", as in the kernel's file names.
bool is_page_size(std::string_view size) {
  if (size.size() < 3 || !size.ends_with('B')) return false;
  const char unit = size[size.size() - 2];
  const std::string_view digits = size.substr(0, size.size() - 2);
  return (unit == 'K' || unit == 'M' || unit == 'G') && digits[0] != '0' &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Values rdma_limits(const Resources& resources) {
  std::vector<Value> values;
  for (const auto& [device, limits] : resources.rdma) {
    const std::string suffix = "/" + pointer_part(device);
    if (!is_one_word(device)) {
      return Error::config(pointer_to("/rdma" + suffix), "the name of an RDMA device is one word");
    }
    if (!limits.hcaHandles && !limits.hcaObjects) {
      return Error::config(pointer_to("/rdma" + suffix),
                           "neither hcaHandles nor hcaObjects is set");
    }
    std::string line = device;
    if (limits.hcaHandles) line += " hca_handle=" + std::to_string(*limits.hcaHandles);
    if (limits.hcaObjects) line += " hca_object=" + std::to_string(*limits.hcaObjects);
    values.push_back({std::move(line), false, {}, suffix});
  }
  return values;
}

std::string device_number(std::int64_t major, std::int64_t minor) {
  return std::to_string(major) + ":" + std::to_string(minor);
}

Values weight_devices(const Resources& resources,
                      std::optional<std::uint16_t> oci::WeightDevice::*weight) {
  std::vector<Value> values;
  if (!resources.blockIO) return values;
  const auto& devices = resources.blockIO->weightDevice;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::string suffix = "/" + std::to_string(i);
    if (!devices[i].weight && !devices[i].leafWeight) {
      return Error::config(pointer_to("/blockIO/weightDevice" + suffix),
                           "neither weight nor leafWeight is set");
    }
    const auto value = devices[i].*weight;
    if (!value) continue;
    values.push_back(
        {device_number(devices[i].major, devices[i].minor) + " " + std::to_string(*value),
         false,
         {},
         suffix});
  }
  return values;
}

Values hugepage_limits(const Resources& resources,
                       HugepageFiles (*files)(const std::string& page_size)) {
  std::vector<Value> values;
  for (std::size_t i = 0; i < resources.hugepageLimits.size(); ++i) {
    const oci::HugepageLimit& entry = resources.hugepageLimits[i];
    const std::string suffix = "/" + std::to_string(i);
    if (!is_page_size(entry.pageSize)) {
      return Error::config(pointer_to("/hugepageLimits" + suffix + "/pageSize"),
                           quote(entry.pageSize) + " is not a page size like 64KB, 2MB or 1GB");
    }
    const std::string limit = std::to_string(entry.limit);
    HugepageFiles names = files(entry.pageSize);
    values.push_back({limit, false, std::move(names.reservations), suffix,
                      Write::Fallback{std::move(names.usage), limit}});
  }
  return values;
}

}  // namespace tare::cgroups
