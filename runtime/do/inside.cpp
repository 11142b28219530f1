// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/inside.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

namespace {

constexpr std::uint64_t confined = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr std::uint64_t without_links = confined | RESOLVE_NO_SYMLINKS;
constexpr std::uint64_t a_child = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
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

struct Divided {
  std::string_view directory;  // "" for the root
  std::string name;            // "" if the last component is no name
};

Divided divide(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  std::string name(path.substr(begin));
  if (name == "." || name == "..") name.clear();
  std::string_view directory = path.substr(0, begin);
  while (directory.ends_with('/')) directory.remove_suffix(1);
  return {directory, std::move(name)};
}

}  // namespace

Call<UniqueFd> Inside::resolve(const char* path, int flags, std::uint64_t resolve_flags) const {
  return sys::openat2(root_, *path == '\0' ? "." : path, flags, resolve_flags);
}

Call<UniqueFd> Inside::open(const InsidePath& path, int flags) const {
  return resolve(path.shown.c_str(), flags, confined);
}

Call<UniqueFd> Inside::open_without_links(const InsidePath& path, int flags) const {
  return resolve(path.shown.c_str(), flags, without_links);
}

int Inside::opened_as(Kind kind) {
  return O_PATH | (kind == Kind::directory ? O_DIRECTORY : 0);
}

Call<void> Inside::create(int directory, const std::string& name, Kind kind) {
  if (kind == Kind::directory) {
    return ::mkdirat(directory, name.c_str(), 0755) == 0 ? Call<void>() : Fault::last("mkdirat");
  }
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  const UniqueFd made = TRY(open_at(directory, name.c_str(), flags, 0644));
  return {};
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
  const Kind wanted = end < path.size() ? Kind::directory : kind;
  const Call<void> made = create(directory.get(), name, wanted);
  // EEXIST: another process created it meanwhile; the next resolution shows what it is.
  const bool is_there = wanted == Kind::directory && !made.ok() && made.error().error == EEXIST;
  if (!made.ok() && !is_there) return made.error();
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

Call<UniqueFd> Inside::make_from_root(std::string path, Kind kind) const {
  for (int links = 0; links < link_limit; ++links) {
    while (path.ends_with('/')) path.pop_back();
    if (!TRY(make_prefixes(path, kind))) return resolve(path.c_str(), opened_as(kind), confined);
  }
  return Fault{ELOOP, "openat2"};
}

bool Inside::keep(std::string_view directory) {
  if (kept_path_ == directory) return true;
  forget();
  if (!directory.empty()) {
    const std::string path(directory);
    Call<UniqueFd> opened = resolve(path.c_str(), O_PATH | O_DIRECTORY, without_links);
    if (!opened.ok()) return false;
    kept_ = std::move(opened).value();
  }
  kept_path_ = directory;
  return true;
}

void Inside::forget() {
  kept_.reset();
  kept_path_.reset();
}

Call<Inside::Target> Inside::make(const InsidePath& wanted, Kind kind, Links links) {
  const auto [directory, name] = divide(wanted.shown);
  const int flags = opened_as(kind);
  Call<UniqueFd> present = Fault{ENOTDIR, "openat2"};
  bool is_in_kept = !name.empty() && kept_path_ == directory;
  if (is_in_kept) present = sys::openat2(kept(), name.c_str(), flags, a_child);
  if (!present.ok() && present.error().error != ENOENT) {
    is_in_kept = false;
    present = links == Links::refused ? open_without_links(wanted, flags) : open(wanted, flags);
  }
  if (present.ok()) return Target{.fd = std::move(present).value(), .is_in_kept = is_in_kept};
  if (present.error().error != ENOENT) return present.error();
  // The usual case: only the last component is missing.
  if (!name.empty() && keep(directory) && create(kept(), name, kind).ok()) {
    Call<UniqueFd> made = sys::openat2(kept(), name.c_str(), flags, a_child | RESOLVE_NO_XDEV);
    if (made.ok()) {
      return Target{.fd = std::move(made).value(), .was_there = false, .is_in_kept = true};
    }
  }
  return Target{.fd = TRY(make_from_root(wanted.shown, kind)), .was_there = false};
}

Call<Inside::Target> Inside::make_directory(const InsidePath& path, Links links) {
  return make(path, Kind::directory, links);
}

Call<Inside::Target> Inside::make_file(const InsidePath& path) {
  return make(path, Kind::file, Links::followed);
}

Call<Inside::Place> Inside::make_parent(const InsidePath& path) {
  const auto [directory, name] = divide(path.shown);
  if (name.empty()) return Fault{EINVAL, "openat2"};
  if (!keep(directory)) {
    UniqueFd made = std::move(TRY(make_directory(InsidePath(std::string(directory)))).fd);
    forget();
    kept_ = std::move(made);
  }
  return Place{kept(), name};
}

}  // namespace tare::runtime
