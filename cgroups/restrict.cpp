// SPDX-License-Identifier: Apache-2.0
//
// Cgroup::restrict_devices: by the v1 controller where it is mounted, else by a program of v2.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"
#include "cgroups/devices.h"

namespace tare::cgroups {

namespace {

constexpr char pointer[] = "/linux/resources/devices";

Call<void> write_line(int fd, const std::string& line) {
  // One line is one rule, and takes one write(2).
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
    return Error(written.error(), "write " + quoted(write.line) + " to " +
                                      (write.allow ? "devices.allow" : "devices.deny"));
  }
  return {};
}

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

}  // namespace tare::cgroups
