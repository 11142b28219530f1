// SPDX-License-Identifier: Apache-2.0
#include "cgroups/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/remove.h"
#include "cgroups/hierarchy/tree.h"
#include "cgroups/setup.h"

namespace tare::cgroups {

namespace {

bool is_denied(int error) {
  return error == EACCES || error == EPERM || error == EROFS;
}

std::vector<const Write*> writes_to(const std::vector<Write>& all, std::size_t directory) {
  std::vector<const Write*> some;
  for (const Write& write : all) {
    if (write.directory == directory) some.push_back(&write);
  }
  return some;
}

}  // namespace

Cgroup Cgroup::at(const std::vector<Directory>& places) {
  Cgroup cgroup;
  cgroup.members_.reserve(places.size());
  for (const Directory& place : places) cgroup.members_.push_back({place, UniqueFd()});
  return cgroup;
}

Result<void> Cgroup::make(Versions versions, const std::vector<Write>& planned, Access access) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const bool is_v2 = members_[i].place.version == 2;
    if (versions == (is_v2 ? Versions::v1 : Versions::v2)) continue;
    TRY(make_member(i, planned, access));
  }
  return {};
}

// A new directory needs no check: it is empty where it is none of cgroups, and tare creates no file
// in it, so that nothing can be written.
Result<void> Cgroup::open_member(Member& member) {
  const std::string path = full_path(member.place);
  Call<UniqueFd> fd = member.is_new ? open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY)
                                    : open_directory(member.place);
  if (!fd.ok()) return in_directory(fd.error(), "open", member.place);
  member.fd = std::move(fd).value();
  return {};
}

Result<const Cgroup::Member*> Cgroup::hold(Directory place, bool is_new) {
  members_.push_back({std::move(place), UniqueFd(), is_new});
  TRY(open_member(members_.back()));
  return &members_.back();
}

namespace {

// No process can enter a v1 cpuset without CPUs and memory nodes.
Result<void> give_cpus(const Directory& place) {
  if (place.version != 1 || !contains(place.controllers, "cpuset")) return {};
  const Call<void> initialised = initialise_cpuset(place);
  if (!initialised.ok()) return in_directory(initialised.error(), "initialise", place);
  return {};
}

}  // namespace

Result<void> Cgroup::make_member(std::size_t index, const std::vector<Write>& planned,
                                 Access access) {
  Member& member = members_[index];
  const auto needs = writes_to(planned, index);
  const Call<void> made = make_directory(member.place);
  if (!made.ok()) {
    Error error = in_directory(made.error(), "make", member.place);
    if (!needs.empty()) error.at = needs.front()->origin;
    const bool may_go_without = access == Access::optional && needs.empty();
    if (!may_go_without || !is_denied(error.error)) return error;
    return {};
  }
  // From here on the destructor removes the created directories.
  member.is_new = member.place.made > 0;
  TRY(open_member(member));
  if (!member.is_new) TRY(check_unused(member.place, member.fd.get()));
  if (member.place.version == 1) return give_cpus(member.place);
  return enable_controllers(member.place, member.fd.get(), needs);
}

Result<Cgroup> Cgroup::adopt(std::vector<Directory> places, const std::vector<Write>& planned,
                             pid_t init, bool below) {
  Cgroup cgroup;
  cgroup.members_.reserve(places.size());
  for (Directory& place : places) TRY(cgroup.add_of_scope(std::move(place), planned, init, below));
  return cgroup;
}

namespace {

Directory directory_above(const Directory& place) {
  Directory above = place;
  above.path.resize(above.path.rfind('/'));
  return above;
}

Result<void> check_scope_holds_only(const Directory& scope, pid_t init) {
  const Call<UniqueFd> fd = open_directory(scope);
  if (!fd.ok()) return in_directory(fd.error(), "open", scope);
  return check_holds_only(scope, fd->get(), init, false);
}

}  // namespace

Result<void> Cgroup::add_of_scope(Directory place, const std::vector<Write>& planned, pid_t init,
                                  bool below) {
  const auto needs = writes_to(planned, members_.size());
  const bool is_systemds = is_made_by_systemd(place);
  if (is_systemds && below) TRY(check_scope_holds_only(directory_above(place), init));
  if (!is_systemds || below) {
    const Call<void> made = make_directory(place);
    if (!made.ok()) return in_directory(made.error(), "make", place);
    place.made = std::min(place.made, below ? 2U : 1U);  // those above are slices
  }
  // Only systemd has attached a device program to it, which stays beside ours.
  const Member& member = *TRY(hold(std::move(place), true));
  TRY(give_cpus(member.place));
  if (is_systemds && below) {
    TRY(move_process(member.place, member.fd.get(), init));
  } else {
    TRY(check_holds_only(member.place, member.fd.get(), init, !is_systemds));
  }
  if (member.place.version == 1) return {};
  return enable_controllers(member.place, member.fd.get(), needs);
}

Result<Cgroup> Cgroup::open(std::vector<Directory> recorded) {
  Cgroup cgroup;
  cgroup.keep();
  for (Directory& place : recorded) (void)TRY(cgroup.hold(std::move(place), false));
  return cgroup;
}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  std::swap(members_, other.members_);
  std::swap(kept_, other.kept_);
  return *this;
}

Cgroup::~Cgroup() {
  if (!kept_) remove_made();
}

void Cgroup::remove_made() {
  std::vector<Directory> made;
  for (Member& member : members_) {
    if (member.place.made > 0) made.push_back(std::move(member.place));
  }
  // An earlier error led here; that one is reported.
  constexpr std::chrono::milliseconds timeout{1000};
  if (!made.empty()) (void)remove_cgroups(made, timeout);
}

std::vector<Directory> Cgroup::directories() const {
  std::vector<Directory> used;
  for (const Member& member : members_) {
    if (member.fd.valid()) used.push_back(member.place);
  }
  return used;
}

int Cgroup::v2_descriptor() const {
  for (const Member& member : members_) {
    if (member.place.version == 2) return member.fd.get();
  }
  return -1;
}

Result<std::vector<UniqueFd>> Cgroup::open_entries() const {
  std::vector<UniqueFd> entries;
  for (const Member& member : members_) {
    if (member.place.version != 1 || !member.fd.valid()) continue;
    Call<UniqueFd> entry = open_at(member.fd.get(), "tasks", O_WRONLY);
    if (!entry.ok()) return in_directory(entry.error(), "open tasks of", member.place);
    entries.push_back(std::move(entry).value());
  }
  return entries;
}

const Cgroup::Member* Cgroup::find(int version, const std::string& controller) const {
  for (const Member& member : members_) {
    if (!member.fd.valid() || member.place.version != version) continue;
    if (controller.empty() || contains(member.place.controllers, controller)) return &member;
  }
  return nullptr;
}

namespace {

Directory directory_below(const Directory& place, const std::string& name) {
  Directory below = place;
  below.path += "/" + name;
  return below;
}

}  // namespace

Result<void> Cgroup::move_below(const std::string& name, pid_t process) const {
  const Member* member = find(2, {});
  if (member == nullptr) return {};  // v1 cgroups are not divided
  Directory below = directory_below(member->place, name);
  const Call<void> made = make_directory(below);
  if (!made.ok()) return in_directory(made.error(), "make", below);
  const Call<UniqueFd> fd = open_directory(below);
  if (!fd.ok()) return in_directory(fd.error(), "open", below);
  TRY(move_process(below, fd->get(), process));
  return enable_controllers(below, fd->get(), {});
}

namespace {

Result<void> give_to(uid_t owner, int directory, const std::string& path) {
  const std::string because =
      "give cgroup " + printable(path) + " to user " + std::to_string(owner);
  constexpr auto unchanged = static_cast<gid_t>(-1);
  if (::fchown(directory, owner, unchanged) != 0) return Error(Fault::last("fchown"), because);
  // The specification has a list for kernels without that file; all of them are older than our
  // minimum.
  const std::string names = read_kernel_file(AT_FDCWD, "/sys/kernel/cgroup/delegate")
                                .value_or("cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
  for (const std::string_view name : split(names, '\n')) {
    if (name.empty()) continue;
    const int failed =
        ::fchownat(directory, std::string(name).c_str(), owner, unchanged, AT_SYMLINK_NOFOLLOW);
    // Not every cgroup has all files of the list.
    if (failed != 0 && errno != ENOENT) return Error(Fault::last("fchownat"), because);
  }
  return {};
}

}  // namespace

Result<void> Cgroup::delegate(const std::string& name, uid_t owner) const {
  const Member* member = find(2, {});
  if (member == nullptr) return {};  // delegation is not safe in v1
  if (name.empty()) return give_to(owner, member->fd.get(), full_path(member->place));
  const Directory below = directory_below(member->place, name);
  const Call<UniqueFd> fd = open_directory(below);
  if (!fd.ok()) return in_directory(fd.error(), "open", below);
  return give_to(owner, fd->get(), full_path(below));
}

}  // namespace tare::cgroups
