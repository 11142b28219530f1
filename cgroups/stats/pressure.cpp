// SPDX-License-Identifier: Apache-2.0
#include "cgroups/stats/pressure.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::cgroups {

namespace {

// "some 150000 1000000", in microseconds.
std::string text_of(const oci::PressureTrigger& trigger) {
  return trigger.kind + " " + std::to_string(trigger.stallUsec) + " " +
         std::to_string(trigger.windowUsec);
}

// Why a cgroup does not have the file.
std::string why_missing(int cgroup, const std::string& resource) {
  if (::access("/proc/pressure", F_OK) != 0) return "this kernel does not measure pressure";
  const std::string whole = "/proc/pressure/" + resource;
  const Call<std::string> of_all = read_kernel_file(AT_FDCWD, whole.c_str());
  if (!of_all.ok() && of_all.error().error == EOPNOTSUPP) return "psi=1 at boot switches it on";
  if (!of_all.ok()) return "this kernel does not measure that of " + resource;
  const std::string on = read_kernel_file(cgroup, "cgroup.pressure").value_or("");
  return without_newline(on) == "0" ? "cgroup.pressure is 0" : "";
}

Call<UniqueFd> watch(int cgroup, const oci::PressureTrigger& trigger) {
  UniqueFd fd = TRY(open_at(cgroup, (trigger.resource + ".pressure").c_str(), O_RDWR | O_NONBLOCK));
  const std::string text = text_of(trigger);
  if (::write(fd.get(), text.data(), text.size()) < 0) return Fault::last("write");
  return fd;
}

}  // namespace

Result<PressureWatch> PressureWatch::open(const std::vector<Directory>& directories,
                                          const oci::PressureTrigger& trigger) {
  const auto directory = std::ranges::find(directories, 2, &Directory::version);
  const std::string words = "watch the pressure of " + trigger.resource;
  if (directory == directories.end()) {
    return Error(Error::Kind::unsupported, words + ": the container has no cgroup v2");
  }
  const UniqueFd cgroup = TRY(open_directory(*directory).because(words));
  Call<UniqueFd> fd = watch(cgroup.get(), trigger);
  if (fd.ok()) return PressureWatch(std::move(fd).value(), trigger);
  Error error(fd.error(), words + ": write " + quote(text_of(trigger)) + " to " +
                              printable(full_path(*directory)) + "/" + trigger.resource +
                              ".pressure");
  if (error.error != ENOENT && error.error != EOPNOTSUPP) return error;
  error.kind = Error::Kind::unsupported;
  return std::move(error).with_hint(why_missing(cgroup.get(), trigger.resource));
}

bool PressureWatch::reached(short events) {
  if ((events & (POLLERR | POLLNVAL)) != 0) fd_.reset();
  return (events & POLLPRI) != 0 && fd_.valid();
}

}  // namespace tare::cgroups
