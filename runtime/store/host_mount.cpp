// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/host_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"
#include "base/kernel_abi.h"

namespace tare::runtime {

Call<std::uint64_t> mount_number(int fd) {
  struct statx status {};
  constexpr unsigned wanted = STATX_MNT_ID | kernel::statx_mnt_id_unique;
  if (::statx(fd, "", AT_EMPTY_PATH, wanted, &status) != 0) return Fault::last("statx");
  return std::uint64_t{status.stx_mnt_id};
}

Call<bool> unmount_numbered(const std::string& path, std::uint64_t number) {
  const Call<UniqueFd> place = open_at(AT_FDCWD, path.c_str(), O_PATH | O_NOFOLLOW);
  if (!place.ok() && place.error().error == ENOENT) return false;
  if (!place.ok()) return place.error();
  if (TRY(mount_number(place->get())) != number) return false;
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return Fault::last("umount2");
  return true;
}

}  // namespace tare::runtime
