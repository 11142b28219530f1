// SPDX-License-Identifier: Apache-2.0
//
// Nodes and links below the container's root. They are created by name in an open directory; an
// existing file is checked through a descriptor that does not follow links.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "runtime/do/context.h"
#include "runtime/do/file_target.h"
#include "runtime/do/inside.h"
#include "runtime/steps/devices.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

namespace {

// config-linux.md: an existing file that is not this device is an error.
Call<void> verify_present(const step::MakeDevice& step, LaunchContext& context, int directory,
                          const char* name) {
  const UniqueFd present = TRY(open_at(directory, name, O_PATH | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(present.get(), &status) != 0) return Fault::last("fstat");
  const bool same_type = (status.st_mode & S_IFMT) == (step.mode & S_IFMT);
  const bool same_numbers =
      (step.mode & S_IFMT) == S_IFIFO || status.st_rdev == makedev(step.major, step.minor);
  if (same_type && same_numbers) return {};
  context.set_note("a file that is not this device is already there");
  return Fault{EEXIST, "mknodat"};
}

}  // namespace

Call<void> perform(const step::MakeDevice& step, LaunchContext& context) {
  const auto place = TRY(context.inside.make_parent(step.path));
  const char* name = place.name.c_str();
  const dev_t numbers = makedev(step.major, step.minor);
  if (::mknodat(place.directory, name, step.mode, numbers) != 0) {
    if (errno != EEXIST) return Fault::last("mknodat");
    return verify_present(step, context, place.directory, name);
  }
  if (step.uid == 0 && step.gid == 0) return {};
  if (::fchownat(place.directory, name, step.uid, step.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return Fault::last("fchownat");
  }
  return {};
}

Call<void> perform(const step::BindDevice& step, LaunchContext& context) {
  const auto place = TRY(context.inside.make_parent(step.path));
  TRY(make_file_target(place, 0644));
  return attach_to_file(context, context.tree(step.tree), place);
}

Call<void> perform(const step::MakeSymlink& step, LaunchContext& context) {
  if (!step.only_if_exists.empty() && ::access(step.only_if_exists.c_str(), F_OK) != 0) return {};
  const auto place = TRY(context.inside.make_parent(step.path));
  const int directory = place.directory;
  const char* name = place.name.c_str();
  for (int tries = 0;; ++tries) {
    if (::symlinkat(step.target.c_str(), directory, name) == 0) return {};
    if (errno != EEXIST || tries > 0) return Fault::last("symlinkat");
    if (!step.replace) return {};  // an image may have its own
    if (::unlinkat(directory, name, 0) != 0) return Fault::last("unlinkat");
  }
}

Call<void> perform(const step::MakeDirectory& step, LaunchContext& context) {
  (void)TRY(context.inside.make_directory(step.path));
  return {};
}

}  // namespace tare::runtime
