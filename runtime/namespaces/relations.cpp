// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/relations.h"

#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace tare::runtime {

namespace {

Call<UniqueFd> related(int fd, unsigned long request) {
  const int found = ::ioctl(fd, request);  // nsfs sets close-on-exec
  if (found < 0) return Fault::last("ioctl");
  return UniqueFd(found);
}

}  // namespace

bool is_namespace_file(int fd) {
  struct statfs system {};
  return ::fstatfs(fd, &system) == 0 && system.f_type == NSFS_MAGIC;
}

// Checks the file system first, because the same ioctl number could do something else on a device.
std::optional<NamespaceLink> identify(int fd) {
  struct stat status {};
  if (!is_namespace_file(fd)) return std::nullopt;
  const int flag = ::ioctl(fd, NS_GET_NSTYPE);
  if (flag < 0 || ::fstat(fd, &status) != 0) return std::nullopt;
  const NamespaceKind* kind = kind_of_flag(static_cast<std::uint64_t>(flag));
  if (kind == nullptr) return std::nullopt;
  return NamespaceLink{kind->type, status.st_ino};
}

Call<UniqueFd> open_owner(int fd) {
  return related(fd, NS_GET_USERNS);
}

Call<UniqueFd> open_parent(int fd) {
  return related(fd, NS_GET_PARENT);
}

}  // namespace tare::runtime
