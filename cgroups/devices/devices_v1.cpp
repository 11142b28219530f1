// SPDX-License-Identifier: Apache-2.0
//
// Device rules for the kernel's v1 controller: security/device_cgroup.c.
#include <algorithm>

#include "cgroups/devices/devices.h"

namespace tare::cgroups {

namespace {

using Type = DeviceRule::Type;

// The devices of one type that a pair of numbers selects.
struct Devices {
  Type type = Type::character;  // never `any`
  std::optional<std::uint32_t> major;
  std::optional<std::uint32_t> minor;

  bool operator==(const Devices&) const = default;
};

bool covers(const std::optional<std::uint32_t>& wide, const std::optional<std::uint32_t>& narrow) {
  return !wide || wide == narrow;
}
bool covers(const Devices& wide, const Devices& narrow) {
  return wide.type == narrow.type && covers(wide.major, narrow.major) &&
         covers(wide.minor, narrow.minor);
}
bool overlap(const Devices& one, const Devices& other) {
  const auto meet = [](const auto& a, const auto& b) { return !a || !b || a == b; };
  return one.type == other.type && meet(one.major, other.major) && meet(one.minor, other.minor);
}

std::string line(const Devices& devices, unsigned access) {
  const auto number = [](const std::optional<std::uint32_t>& value) {
    return value ? std::to_string(*value) : "*";
  };
  std::string text = devices.type == Type::block ? "b " : "c ";
  text += number(devices.major) + ":" + number(devices.minor) + " ";
  if ((access & BPF_DEVCG_ACC_READ) != 0) text += 'r';
  if ((access & BPF_DEVCG_ACC_WRITE) != 0) text += 'w';
  if ((access & BPF_DEVCG_ACC_MKNOD) != 0) text += 'm';
  return text;
}

// The controller's state: a default, and exceptions from it.
class List {
 public:
  Result<void> apply(const DeviceRule& rule) {
    if (rule.type == Type::any && rule.access == every_access) {
      allow_ = rule.allow;
      exceptions_.clear();
      return {};
    }
    for (const Type type : {Type::block, Type::character}) {
      if (rule.type != type && rule.type != Type::any) continue;
      const Devices devices{type, rule.major, rule.minor};
      if (rule.allow == allow_) {
        TRY(end_exceptions(devices, rule));
      } else {
        add_exception(devices, rule.access);
      }
    }
    return {};
  }

  [[nodiscard]] std::vector<DeviceWrite> writes() const {
    std::vector<DeviceWrite> list{{allow_, "a"}};
    for (const Exception& exception : exceptions_) {
      if (exception.access == 0) continue;
      list.push_back({!allow_, line(exception.devices, joint_access(exception))});
    }
    return list;
  }

 private:
  struct Exception {
    Devices devices;
    unsigned access = 0;
  };

  void add_exception(const Devices& devices, unsigned access) {
    for (Exception& exception : exceptions_) {
      if (exception.devices != devices) continue;
      exception.access |= access;
      return;
    }
    exceptions_.push_back({devices, access});
  }

  Result<void> end_exceptions(const Devices& devices, const DeviceRule& rule) {
    for (Exception& exception : exceptions_) {
      if ((exception.access & rule.access) == 0 || !overlap(devices, exception.devices)) continue;
      if (!covers(devices, exception.devices)) {
        return Error::unsupported(rule.origin, "cgroup v1 cannot revoke part of an earlier rule, " +
                                                   line(exception.devices, exception.access));
      }
      exception.access &= ~rule.access;
    }
    return {};
  }

  // The kernel requires one exception that allows the whole access, so a narrow exception includes
  // the permissions of wider ones.
  [[nodiscard]] unsigned joint_access(const Exception& exception) const {
    unsigned access = exception.access;
    for (const Exception& other : exceptions_) {
      if (covers(other.devices, exception.devices)) access |= other.access;
    }
    return access;
  }

  bool allow_ = false;
  std::vector<Exception> exceptions_;
};

}  // namespace

Result<std::vector<DeviceWrite>> device_writes_v1(const std::vector<DeviceRule>& rules) {
  List list;
  for (const DeviceRule& rule : rules) TRY(list.apply(rule));
  return list.writes();
}

std::vector<std::string> device_list_v1(const std::vector<DeviceWrite>& writes) {
  if (writes.front().allow) return {all_devices};
  std::vector<std::string> lines;
  for (const DeviceWrite& write : writes) {
    if (write.allow) lines.push_back(write.line);
  }
  return lines;
}

}  // namespace tare::cgroups
