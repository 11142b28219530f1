// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/namespace_files.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "base/file.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

Call<bool> is_own_namespace(int fd, oci::NamespaceType type) {
  struct stat theirs {};
  struct stat own {};
  const std::string path = std::string("/proc/self/ns/") + kind_of(type).proc_name;
  if (::fstat(fd, &theirs) != 0 || ::stat(path.c_str(), &own) != 0) return Fault::last("stat");
  return theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino;
}

Call<UniqueFd> open_namespace_of(pid_t pid, oci::NamespaceType type) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + kind_of(type).proc_name;
  UniqueFd fd = TRY(open_at(AT_FDCWD, path.c_str(), O_RDONLY));
  const int found = ::ioctl(fd.get(), NS_GET_NSTYPE);
  if (found < 0) return Fault::last("ioctl");
  const bool expected = static_cast<std::uint64_t>(found) == clone_flag(type);
  if (!expected || TRY(is_own_namespace(fd.get(), type))) return Fault{ESTALE, "openat"};
  return fd;
}

}  // namespace tare::runtime
