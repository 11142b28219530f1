// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/resctrl_root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <sys/vfs.h>

#include <cstdio>
#include <memory>
#include <string_view>

#include "base/file.h"
#include "base/text.h"

namespace tare::runtime {

Result<std::optional<UniqueFd>> open_resctrl() {
  const std::unique_ptr<FILE, int (*)(FILE*)> table(::setmntent("/proc/self/mounts", "re"),
                                                    ::endmntent);
  if (!table) return Error(Fault::last("setmntent"), "read /proc/self/mounts");
  while (const mntent* entry = ::getmntent(table.get())) {
    if (std::string_view(entry->mnt_type) != "resctrl") continue;
    const std::string why = "open resctrl on " + printable(entry->mnt_dir);
    UniqueFd root =
        TRY(open_at(AT_FDCWD, entry->mnt_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW).because(why));
    struct statfs status {};
    if (::fstatfs(root.get(), &status) != 0) return Error(Fault::last("fstatfs"), why);
    // Another file system may be mounted over it.
    if (status.f_type == RDTGROUP_SUPER_MAGIC) return std::optional<UniqueFd>(std::move(root));
  }
  return std::optional<UniqueFd>();
}

Error resctrl_not_mounted() {
  const std::string known = read_kernel_file(AT_FDCWD, "/proc/filesystems").value_or("");
  const bool can_be = known.find("\tresctrl\n") != std::string::npos;
  return Error(Error::Kind::unsupported, "no resctrl file system is mounted")
      .with_hint(can_be ? "mount -t resctrl resctrl /sys/fs/resctrl"
                        : "this kernel has none on this processor: /proc/filesystems");
}

}  // namespace tare::runtime
