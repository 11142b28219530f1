// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <vector>

#include "base/directory.h"
#include "base/file.h"

namespace tare::cgroups {

namespace {

Call<UniqueFd> open_verified(const Directory& directory, const std::string& path, int flags) {
  if (!is_safe(directory)) return Fault{EINVAL, "open"};
  UniqueFd fd = TRY(open_at(AT_FDCWD, path.c_str(), flags));
  struct statfs status {};
  if (::fstatfs(fd.get(), &status) != 0) return Fault::last("fstatfs");
  const auto magic = directory.version == 2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  if (status.f_type != magic) return Fault{ENOTTY, "fstatfs"};
  return fd;
}

}  // namespace

Call<UniqueFd> open_directory(const Directory& directory) {
  return open_verified(directory, full_path(directory), O_RDONLY | O_DIRECTORY);
}

Call<UniqueFd> open_file(const Directory& directory, const char* name, int flags) {
  return open_verified(directory, full_path(directory) + "/" + name, flags);
}

bool is_gone(int error) {
  return error == ENOENT || error == ENODEV;
}

namespace {

Call<std::vector<std::string>> children(int directory) {
  std::vector<std::string> names;
  const Call<void> listed = for_each_entry(directory, [&](const dirent& entry) {
    if (entry.d_type == DT_DIR) names.emplace_back(entry.d_name);
  });
  if (!listed.ok() && !is_gone(listed.error().error)) return listed.error();
  return names;
}

// The cgroups that are still to be visited, one list for each level of the tree.
class Walk {
 public:
  explicit Walk(const TreeVisitor& visitor) : visitor_(visitor) {}

  Call<void> run(int top) {
    current_ = TRY(open_at(top, ".", O_RDONLY | O_DIRECTORY));
    TRY(arrive());
    while (!levels_.empty()) {
      if (levels_.back().empty()) {
        TRY(go_up());
      } else {
        TRY(go_down());
      }
    }
    return {};
  }

 private:
  Call<void> arrive() {
    TRY(visitor_.enter(current_.get()));
    levels_.push_back(TRY(children(current_.get())));
    return {};
  }

  Call<void> go_down() {
    const std::string name = std::move(levels_.back().back());
    levels_.back().pop_back();
    Call<UniqueFd> child =
        open_at(current_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!child.ok() && is_gone(child.error().error)) return {};
    if (!child.ok()) return child.error();
    current_ = std::move(child).value();
    names_.push_back(name);
    return arrive();
  }

  Call<void> go_up() {
    levels_.pop_back();
    if (levels_.empty()) return {};
    current_ = TRY(open_at(current_.get(), "..", O_RDONLY | O_DIRECTORY));
    const std::string name = std::move(names_.back());
    names_.pop_back();
    return visitor_.leave ? visitor_.leave(current_.get(), name) : Call<void>{};
  }

  const TreeVisitor& visitor_;
  UniqueFd current_;
  std::vector<std::vector<std::string>> levels_;
  std::vector<std::string> names_;  // from the topmost cgroup down to current_
};

}  // namespace

Call<void> walk_tree(int top, const TreeVisitor& visitor) {
  return Walk(visitor).run(top);
}

}  // namespace tare::cgroups
