// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/inside.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

namespace {

constexpr std::uint64_t confined = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr int link_limit = 40;  // as the kernel's own MAXSYMLINKS

Call<std::string> read_link(int link) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
  if (length < 0) return Fault::last("readlinkat");
  if (static_cast<std::size_t>(length) == target.size()) return Fault{ENAMETOOLONG, "readlinkat"};
  return std::string(target.data(), static_cast<std::size_t>(length));
}

Call<bool> is_link(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Fault::last("fstat");
  return S_ISLNK(status.st_mode);
}

}  // namespace

Call<UniqueFd> Inside::resolve(const char* path, int flags, std::uint64_t resolve_flags) const {
  return sys::openat2(root_, *path == '\0' ? "." : path, flags, resolve_flags);
}

Call<UniqueFd> Inside::open(const InsidePath& path, int flags) const {
  return resolve(path.shown.c_str(), flags, confined);
}

Call<UniqueFd> Inside::open_without_links(const InsidePath& path, int flags) const {
  return resolve(path.shown.c_str(), flags, confined | RESOLVE_NO_SYMLINKS);
}

// Creates the component path[begin, end) if it is missing. If it is a dangling link, `path` becomes
// the link's target and the rest, and the result is true: start again.
Call<bool> Inside::make_component(std::string& path, std::size_t begin, std::size_t end,
                                  Kind kind) const {
  const std::string prefix = path.substr(0, end);
  if (resolve(prefix.c_str(), O_PATH, confined).ok()) return false;
  const std::string parent = path.substr(0, begin);
  const std::string name = path.substr(begin, end - begin);

  Call<UniqueFd> present = resolve(prefix.c_str(), O_PATH | O_NOFOLLOW, confined);
  if (present.ok() && TRY(is_link(present->get()))) {
    const std::string target = TRY(read_link(present->get()));
    path = (target.starts_with('/') ? target : parent + "/" + target) + path.substr(end);
    return true;
  }
  if (!present.ok() && present.error().error != ENOENT) return present.error();

  const UniqueFd directory = TRY(resolve(parent.c_str(), O_PATH | O_DIRECTORY, confined));
  if (kind == Kind::directory || end < path.size()) {
    // EEXIST: another process created it meanwhile; the next resolution shows what it is.
    if (::mkdirat(directory.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
      return Fault::last("mkdirat");
    }
    return false;
  }
  const UniqueFd made =
      TRY(open_at(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
  return false;
}

Call<bool> Inside::make_prefixes(std::string& path, Kind kind) const {
  std::size_t begin = 0;
  while (begin < path.size()) {
    if (path[begin] == '/') {
      ++begin;
      continue;
    }
    std::size_t end = path.find('/', begin);
    if (end == std::string::npos) end = path.size();
    if (TRY(make_component(path, begin, end, kind))) return true;
    begin = end;
  }
  return false;
}

// The usual case: only the last component is missing. False if it is not so, and also after an
// error, which make_prefixes() will meet again and report.
bool Inside::make_last(const std::string& path, Kind kind) const {
  const std::size_t slash = path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  const std::string name = path.substr(begin);
  if (name.empty() || name == "." || name == "..") return false;
  const Call<UniqueFd> parent =
      resolve(path.substr(0, begin).c_str(), O_PATH | O_DIRECTORY, confined);
  if (!parent.ok()) return false;
  const int directory = parent->get();
  if (kind == Kind::directory) return ::mkdirat(directory, name.c_str(), 0755) == 0;
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  return open_at(directory, name.c_str(), flags, 0644).ok();
}

Call<UniqueFd> Inside::make(const InsidePath& wanted, Kind kind) const {
  const int flags = O_PATH | (kind == Kind::directory ? O_DIRECTORY : 0);
  Call<UniqueFd> present = open(wanted, flags);
  if (present.ok() || present.error().error != ENOENT) return present;
  if (make_last(wanted.shown, kind)) return open(wanted, flags);
  std::string path = wanted.shown;
  for (int links = 0; links < link_limit; ++links) {
    while (path.ends_with('/')) path.pop_back();
    if (!TRY(make_prefixes(path, kind))) return resolve(path.c_str(), flags, confined);
  }
  return Fault{ELOOP, "openat2"};
}

Call<UniqueFd> Inside::make_directory(const InsidePath& path) const {
  return make(path, Kind::directory);
}

Call<UniqueFd> Inside::make_file(const InsidePath& path) const {
  return make(path, Kind::file);
}

Call<Inside::Place> Inside::make_parent(const InsidePath& path) const {
  std::string_view rest = path.shown;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t slash = rest.rfind('/');
  const std::string name(slash == std::string_view::npos ? rest : rest.substr(slash + 1));
  if (name.empty() || name == "." || name == "..") return Fault{EINVAL, "openat2"};
  const std::string parent(slash == std::string_view::npos ? "" : rest.substr(0, slash));
  UniqueFd directory = TRY(make_directory(InsidePath(parent)));
  return Place{std::move(directory), name};
}

}  // namespace tare::runtime
