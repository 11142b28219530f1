// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/file_target.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"

namespace tare::runtime {

Call<void> make_file_target(const Inside::Place& place, mode_t mode) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY;
  const Call<UniqueFd> made = open_at(place.directory, place.name.c_str(), flags, mode);
  if (!made.ok() && made.error().error != EEXIST) return made.error();
  return {};
}

Call<void> attach_to_file(LaunchContext& context, int mount, const Inside::Place& place) {
  const UniqueFd target = TRY(open_at(place.directory, place.name.c_str(), O_PATH | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(target.get(), &status) != 0) return Fault::last("fstat");
  if (S_ISLNK(status.st_mode)) return Fault{ELOOP, "openat"};
  return context.mount_on(mount, target.get());
}

}  // namespace tare::runtime
