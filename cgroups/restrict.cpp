// SPDX-License-Identifier: Apache-2.0
//
// Cgroup::restrict_devices: with the v1 controller if it is mounted, otherwise with a v2 program.
// Cgroup::change_devices: the same with an undo.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/faults.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"
#include "cgroups/devices/devices.h"

namespace tare::cgroups {

namespace {

constexpr char pointer[] = "/linux/resources/devices";

Call<void> write_line(int fd, const std::string& line) {
  if (const int error = planned_write_fault()) return Fault{error, "planned fault"};
  // One line is one rule and needs one write(2).
  const ssize_t count = ::write(fd, line.data(), line.size());
  return count < 0 ? Call<void>{Fault::last("write")} : Call<void>{};
}

Result<void> write_v1(int directory, const std::vector<DeviceWrite>& writes) {
  const UniqueFd allow =
      TRY(open_at(directory, "devices.allow", O_WRONLY).because("open devices.allow"));
  const UniqueFd deny =
      TRY(open_at(directory, "devices.deny", O_WRONLY).because("open devices.deny"));
  for (const DeviceWrite& write : writes) {
    const Call<void> written = write_line(write.allow ? allow.get() : deny.get(), write.line);
    if (written.ok()) continue;
    return Error(written.error(), "write " + quote(write.line) + " to " +
                                      (write.allow ? "devices.allow" : "devices.deny"));
  }
  return {};
}

// In the format of devices.list. A permission with unknown exceptions is not restored, because the
// container would get more than before.
bool restore_v1(int directory, const std::string& list) {
  const Call<std::string> now = read_kernel_file(directory, "devices.list");
  if (now.ok() && *now == list && !list.starts_with(all_devices)) return true;
  if (list.starts_with(all_devices)) return false;
  std::vector<DeviceWrite> writes{{false, "a"}};
  for (const std::string_view line : split(list, '\n')) {
    if (!line.empty()) writes.push_back({true, std::string(line)});
  }
  return write_v1(directory, writes).ok();
}

constexpr char device_rules_lost[] = "device rules";

}  // namespace

Result<void> Cgroup::set_device_rules(const std::vector<DeviceRule>& rules) const {
  if (const Member* v1 = find(1, "devices"); v1 != nullptr) {
    return write_v1(v1->fd.get(), TRY(device_writes_v1(rules)))
        .because("cgroup " + printable(full_path(v1->place)));
  }
  const Member* v2 = find(2, {});
  if (v2 != nullptr && v2->is_new && allow_everything(rules)) return {};
  if (v2 == nullptr && allow_everything(rules)) return {};
  if (v2 == nullptr) return Error::unsupported(pointer, "no cgroup to restrict devices with");
  return attach_device_filter(v2->fd.get(), compile_device_filter(rules), !v2->is_new)
      .because("restrict the devices of cgroup " + printable(full_path(v2->place)));
}

Result<void> Cgroup::restrict_devices(const std::vector<oci::DeviceCgroup>& rules,
                                      DeviceAccess access) const {
  Result<void> set = set_device_rules(TRY(device_rules(rules)));
  if (set.ok()) return set;
  Error error = std::move(set).error();
  if (access == DeviceAccess::optional && (error.error == EPERM || error.error == EACCES))
    return {};
  if (error.at.empty()) error.at = pointer;
  return error;
}

Result<Change> Cgroup::change_devices(const std::vector<oci::DeviceCgroup>& rules) const {
  Change change;
  change.make = [this, rules] { return restrict_devices(rules, DeviceAccess::required); };
  change.take_back = [] { return std::string(); };
  if (const Member* v1 = find(1, "devices"); v1 != nullptr) {
    const int directory = v1->fd.get();
    const std::string list =
        TRY(read_kernel_file(directory, "devices.list").because("read devices.list"));
    change.take_back = [directory, list] {
      return std::string(restore_v1(directory, list) ? "" : device_rules_lost);
    };
  } else if (const Member* v2 = find(2, {}); v2 != nullptr) {
    const int directory = v2->fd.get();
    const auto before = std::make_shared<const std::vector<DeviceFilter>>(
        TRY(attached_device_filters(directory).because("look for device programs")));
    change.take_back = [directory, before] {
      return std::string(restore_device_filters(directory, *before).ok() ? "" : device_rules_lost);
    };
  }
  return change;
}

}  // namespace tare::cgroups
