// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/copy_up.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.h"
#include "base/file.h"

namespace tare::runtime {

namespace {

constexpr int depth_limit = 128;  // two descriptors per level

// Lists all names first, because the target may be below the directory that is read.
Call<std::vector<std::string>> names_in(int directory) {
  std::vector<std::string> names;
  TRY(for_each_entry(directory, [&](const dirent& entry) { names.emplace_back(entry.d_name); }));
  return names;
}

// acl(5): additional permissions, which belong to the mode.
constexpr std::string_view access_list = "system.posix_acl_access";

// Skips attributes that the target's file system does not support or the caller may not set
// (ENOTSUP, EPERM).
Call<void> copy_attributes(int from, int to, bool with_permissions) {
  std::array<char, 4096> list;
  const ssize_t length = ::flistxattr(from, list.data(), list.size());
  if (length < 0) return errno == ENOTSUP ? Call<void>{} : Fault::last("flistxattr");
  std::string value(XATTR_SIZE_MAX, '\0');
  for (const char* name = list.data(); name < list.data() + length; name += std::strlen(name) + 1) {
    if (!with_permissions && name == access_list) continue;
    const ssize_t size = ::fgetxattr(from, name, value.data(), value.size());
    if (size < 0) return Fault::last("fgetxattr");
    if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0) != 0 &&
        errno != ENOTSUP && errno != EPERM) {
      return Fault::last("fsetxattr");
    }
  }
  return {};
}

// The owner first, because chown(2) clears set-user-ID bits. The mode after an access control list,
// which changes it. The times last.
Call<void> finish(int from, int to, const struct stat& status,
                  const step::GivenForRoot& given = {}) {
  constexpr uid_t unchanged = static_cast<uid_t>(-1);  // chown(2)
  const uid_t owner = given.uid ? unchanged : status.st_uid;
  const gid_t group = given.gid ? unchanged : status.st_gid;
  if (::fchown(to, owner, group) != 0) return Fault::last("fchown");
  TRY(copy_attributes(from, to, !given.mode));
  if (!given.mode && ::fchmod(to, status.st_mode & 07777) != 0) return Fault::last("fchmod");
  const timespec times[2] = {status.st_atim, status.st_mtim};
  if (::futimens(to, times) != 0) return Fault::last("futimens");
  return {};
}

Call<void> copy_file(int from, int to, const char* name, const struct stat& status) {
  const UniqueFd source = TRY(open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat opened {};
  if (::fstat(source.get(), &opened) != 0) return Fault::last("fstat");
  // It was replaced after it was listed.
  if (!S_ISREG(opened.st_mode)) return Fault{ESTALE, "fstat"};
  const UniqueFd target =
      TRY(open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, status.st_mode & 0777));
  for (;;) {
    const ssize_t count = ::sendfile(target.get(), source.get(), nullptr, 1 << 20);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("sendfile");
    if (count == 0) return finish(source.get(), target.get(), opened);
  }
}

Call<void> copy_link(int from, int to, const char* name, const struct stat& status) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(from, name, target.data(), target.size() - 1);
  if (length < 0) return Fault::last("readlinkat");
  if (::symlinkat(target.data(), to, name) != 0) return Fault::last("symlinkat");
  if (::fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return Fault::last("fchownat");
  }
  return {};
}

Call<void> copy_node(int to, const char* name, const struct stat& status) {
  if (::mknodat(to, name, status.st_mode, status.st_rdev) != 0) return Fault::last("mknodat");
  if (::fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return Fault::last("fchownat");
  }
  return {};
}

Call<void> copy_contents(int from, int to, int depth);

Call<void> copy_directory(int from, int to, const char* name, int depth) {
  if (depth >= depth_limit) return Fault{ELOOP, "openat"};
  const UniqueFd source = TRY(open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return Fault::last("fstat");
  if (::mkdirat(to, name, 0700) != 0) return Fault::last("mkdirat");
  const UniqueFd target = TRY(open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(copy_contents(source.get(), target.get(), depth + 1));
  return finish(source.get(), target.get(), status);
}

Call<void> copy_contents(int from, int to, int depth) {
  for (const std::string& name : TRY(names_in(from))) {
    struct stat status {};
    if (::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return Fault::last("fstatat");
    }
    switch (status.st_mode & S_IFMT) {
      case S_IFDIR:
        TRY(copy_directory(from, to, name.c_str(), depth));
        break;
      case S_IFREG:
        TRY(copy_file(from, to, name.c_str(), status));
        break;
      case S_IFLNK:
        TRY(copy_link(from, to, name.c_str(), status));
        break;
      case S_IFSOCK:  // its server is not in the container
        break;
      default:
        TRY(copy_node(to, name.c_str(), status));
    }
  }
  return {};
}

}  // namespace

Call<void> copy_tree(int from, int to, const step::GivenForRoot& given) {
  const UniqueFd source = TRY(open_at(from, ".", O_RDONLY | O_DIRECTORY));
  const UniqueFd target = TRY(open_at(to, ".", O_RDONLY | O_DIRECTORY));
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return Fault::last("fstat");
  TRY(copy_contents(source.get(), target.get(), 0));
  return finish(source.get(), target.get(), status, given);
}

}  // namespace tare::runtime
