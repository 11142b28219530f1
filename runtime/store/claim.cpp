// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/claim.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/store/files.h"

namespace tare::runtime {

namespace {

// A lock on the whole store.
class StoreLock {
 public:
  explicit StoreLock(int root, int kind) : root_(root), held_(take(kind)) {}
  ~StoreLock() {
    if (held_) ::flock(root_, LOCK_UN);
  }
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  [[nodiscard]] bool held() const { return held_; }
  // As the only one: false if others hold it, and then it is not held any longer.
  bool keep_alone() { return held_ = take(LOCK_EX | LOCK_NB); }

 private:
  bool take(int kind) { return ::flock(root_, kind) == 0; }

  int root_;
  bool held_;
};

Call<bool> is_at(int root, const std::string& name, int directory) {
  struct stat there {};
  struct stat here {};
  if (::fstat(directory, &here) != 0) return Fault::last("fstat");
  if (::fstatat(root, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Call<bool>(false) : Fault::last("fstatat");
  }
  return there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

Error exists(const std::string& id) {
  return Error(Error::Kind::refused, "container with given ID already exists: " + id);
}

void take_away(int root, const std::string& name, int directory) {
  ::unlinkat(directory, intent_file, 0);
  ::unlinkat(root, name.c_str(), AT_REMOVEDIR);
}

// Fails if another command has the claim, or if it has become a container's directory.
Result<void> hold(int root, const std::string& id, const std::string& name, int directory) {
  const std::string why = "reserve container " + id;
  if (::flock(directory, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return exists(id);
    return Error(Fault::last("flock"), why);
  }
  if (!TRY(is_at(root, name, directory).because(why))) return exists(id);
  return {};
}

// The claim that this process made and does not hold: another can have renamed it and made its own
// of the same name, so nobody else may be making one. Otherwise it is left as by a killed create.
void give_up(StoreLock& making, int root, const std::string& name) {
  if (making.keep_alone()) ::unlinkat(root, name.c_str(), AT_REMOVEDIR);
}

// A new claim, or one that a killed create left.
Result<UniqueFd> take(StoreLock& making, int root, const std::string& id, const std::string& name) {
  const std::string why = "reserve container " + id;
  const bool is_new = ::mkdirat(root, name.c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) return Error(Fault::last("mkdirat"), why);
  Call<UniqueFd> directory = open_entry(root, name);
  if (!directory.ok()) {
    // It has just become a container's directory.
    if (directory.error().error == ENOENT) return exists(id);
    if (is_new) give_up(making, root, name);
    return Error(directory.error(), why);
  }
  Result<void> held = hold(root, id, name, directory->get());
  if (!held.ok()) {
    const bool is_anothers = held.error().kind == Error::Kind::refused;
    if (is_new && !is_anothers) give_up(making, root, name);
    return std::move(held).error();
  }
  if (!is_new) ::unlinkat(directory->get(), intent_file, 0);
  return std::move(directory).value();
}

Call<void> write_new(int directory, const char* name, const std::string& text) {
  const UniqueFd file =
      TRY(open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  return write_all(file.get(), text);
}

// For a file system without RENAME_NOREPLACE: rename(2) replaces only an empty directory, which is
// not a container's.
Call<void> rename_to(int root, const std::string& name, const std::string& id) {
  if (::renameat2(root, name.c_str(), root, id.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL) return Fault::last("renameat2");
  if (::renameat(root, name.c_str(), root, id.c_str()) == 0) return {};
  return Fault::last("renameat");
}

}  // namespace

std::string claim_name(const std::string& id) {
  // because of NAME_MAX; two ids may share it for a moment
  return ":" + id.substr(0, longest_id - 1);
}

bool is_claim(const std::string& name) {
  return name.starts_with(':') && name.size() > 1;
}

Result<UniqueFd> claim(int root, const std::string& id, const std::string& intent) {
  const std::string name = claim_name(id);
  StoreLock making(root, LOCK_SH);
  if (!making.held())
    return Error(Fault::last("flock"), "reserve container " + id + ": lock the store");
  UniqueFd directory = TRY(take(making, root, id, name));
  const Call<void> written = write_new(directory.get(), intent_file, intent);
  if (!written.ok()) {
    take_away(root, name, directory.get());
    return Error(written.error(), "write the intent to create " + id);
  }
  const Call<void> renamed = rename_to(root, name, id);
  if (renamed.ok()) return directory;
  take_away(root, name, directory.get());
  const int error = renamed.error().error;
  if (error == EEXIST || error == ENOTEMPTY) return exists(id);
  return Error(renamed.error(), "reserve container " + id);
}

bool remove_claim(int root, const std::string& name, bool dry_run) {
  struct stat status {};
  if (::fstatat(root, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const StoreLock alone(root, LOCK_EX | LOCK_NB);
  if (!alone.held()) return false;
  const Call<UniqueFd> directory = open_entry(root, name);
  if (!directory.ok()) return false;
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) return false;
  if (!is_at(root, name, directory->get()).value_or(false)) return false;
  if (!dry_run) take_away(root, name, directory->get());
  return true;
}

}  // namespace tare::runtime
