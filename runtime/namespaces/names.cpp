// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/names.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>

#include "base/directory.h"
#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/namespaces/pins.h"
#include "runtime/namespaces/relations.h"
#include "runtime/store/store.h"

namespace tare::runtime {

namespace {

constexpr const char* all_names = "@ns";  // not a valid container ID
constexpr const char* holder_file = "holder";
constexpr const char* complete_file = "complete";

// A name is not a container ID, but follows the same rules.
Result<void> check_name(const std::string& name) {
  if (check_id(name).ok()) return {};
  return Error(Error::Kind::usage, "invalid name of namespaces: " + quote(name.substr(0, 64)))
      .with_hint("letters, digits and _ + . - only, at most 255");
}

Error no_such_name(const std::string& name) {
  return Error(Error::Kind::not_found, "there are no namespaces with the name " + name);
}

Call<UniqueFd> open_directory(int above, const char* name) {
  return sys::openat2(above, name, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

Call<UniqueFd> open_all(const std::string& root) {
  const UniqueFd store = TRY(open_at(AT_FDCWD, root.c_str(), O_PATH | O_DIRECTORY));
  return open_directory(store.get(), all_names);
}

struct Name {
  std::string text;
  UniqueFd all;        // ROOT/@ns
  UniqueFd directory;  // ROOT/@ns/NAME, in the topmost mount there
  UniqueFd locked;     // the same directory, for flock(2)
};

Call<Name> open_name(UniqueFd all, const std::string& name) {
  UniqueFd directory = TRY(open_directory(all.get(), name.c_str()));
  UniqueFd locked = TRY(open_at(directory.get(), ".", O_RDONLY | O_DIRECTORY));
  return Name{name, std::move(all), std::move(directory), std::move(locked)};
}

Result<Name> find_name(const std::string& root, const std::string& name) {
  TRY(check_name(name));
  Call<UniqueFd> all = open_all(root);
  if (!all.ok() && all.error().error == ENOENT) return no_such_name(name);
  if (!all.ok()) return Error(all.error(), "open the names below " + printable(root));
  Call<Name> found = open_name(std::move(all).value(), name);
  if (!found.ok() && found.error().error == ENOENT) return no_such_name(name);
  return std::move(found).because("open the name " + name);
}

bool is_removed(const Name& name) {
  struct stat status {};
  return ::fstat(name.locked.get(), &status) == 0 && status.st_nlink == 0;
}

bool exists_in(int directory, const char* name) {
  return ::faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<void> lock_name(const Name& name) {
  constexpr int timeout_ms = 2000;
  const std::string wait = "wait for another command that works on the name " + name.text;
  const Call<void> locked = lock_within(name.locked.get(), timeout_ms, wait);
  if (locked.ok()) return {};
  const bool is_held = locked.error().error == ETIMEDOUT;
  return Error(locked.error(), is_held ? wait : "lock the name " + name.text);
}

// ---- the holder of a pid namespace --------------------------------------------------------------

struct Holder {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
};

Result<void> write_holder(int directory, pid_t pid) {
  const auto status = process_status(pid);
  if (!status) return Error("the holder of the pid namespace has ended");
  const std::string boot = TRY(boot_id().because("read the boot ID"));
  const std::string text =
      std::to_string(pid) + " " + std::to_string(status->start_time) + " " + boot + "\n";
  return replace_file(directory, holder_file, text, 0600).because("record the holder");
}

// Nothing if it is known that no holder is running. A pid from an earlier boot is not valid.
std::optional<Holder> running_holder(int directory) {
  constexpr std::size_t longest = 128;
  const Call<std::string> text = read_regular_file(directory, holder_file, longest);
  if (!text.ok()) return std::nullopt;
  const auto parts = split(without_newline(*text), ' ');
  if (parts.size() != 3 || parts[2] != boot_id().value_or("")) return std::nullopt;
  const auto pid = parse_number<pid_t>(parts[0]);
  const auto start_time = parse_number<std::uint64_t>(parts[1]);
  if (!pid || !start_time || *pid <= 1) return std::nullopt;
  if (!is_running(*pid, *start_time).value_or(true)) return std::nullopt;
  return Holder{*pid, *start_time};
}

// With a pidfd, and a check of the start time: the pid may belong to another process by now.
Result<void> end_holder(const Holder& holder) {
  constexpr int timeout_ms = 5000;
  const Call<UniqueFd> pidfd = sys::pidfd_open(holder.pid);
  if (!pidfd.ok() && pidfd.error().error == ESRCH) return {};
  const std::string why = "look for the holder of the pid namespace";
  if (!pidfd.ok()) return Error(pidfd.error(), why);
  if (!TRY(is_running(holder.pid, holder.start_time).because(why))) return {};
  TRY(sys::pidfd_send_signal(pidfd->get(), SIGKILL).because("end the holder of the pid namespace"));
  pollfd ended{pidfd->get(), POLLIN, 0};
  if (::poll(&ended, 1, timeout_ms) == 1) return {};
  return Error("the holder of the pid namespace, process " + std::to_string(holder.pid) +
               ", does not end");
}

// ---- removing -----------------------------------------------------------------------------------

bool is_mount_root(int fd) {
  struct statx status {};
  return ::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<void> remove_kinds(const Name& name) {
  for (const oci::NamespaceType type : kinds_by_name) {
    const char* file = kind_of(type).proc_name;
    // There is more than one mount if another process mounted on the file.
    while (exists_in(name.directory.get(), file)) {
      Result<void> unpinned = unpin_at(name.directory.get(), file);
      if (!unpinned.ok() && unpinned.error().kind != Error::Kind::refused) return unpinned;
      if (!unpinned.ok() && ::unlinkat(name.directory.get(), file, 0) != 0) {
        return Error(Fault::last("unlinkat"), "remove " + name.text + "/" + file);
      }
    }
  }
  return {};
}

bool is_temporary(std::string_view name) {
  return name.starts_with(".holder.");  // left by a replace_file() that was killed
}

void remove_temporary(int directory) {
  (void)for_each_entry(directory, [&](const dirent& entry) {
    if (is_temporary(entry.d_name)) ::unlinkat(directory, entry.d_name, 0);
  });
}

// Unmounts the name's own mount, if it exists, and removes its directory.
Result<void> remove_directory(const Name& name) {
  for (;;) {
    const Call<UniqueFd> top = open_directory(name.all.get(), name.text.c_str());
    if (!top.ok() && top.error().error == ENOENT) return {};
    if (!top.ok()) return Error(top.error(), "open the name " + name.text);
    if (!is_mount_root(top->get())) break;
    const std::string mounted = "/proc/self/fd/" + std::to_string(top->get());
    if (::umount2(mounted.c_str(), MNT_DETACH) != 0) {
      return Error(Fault::last("umount2"), "unmount the name " + name.text);
    }
  }
  if (::unlinkat(name.all.get(), name.text.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT)
    return {};
  return Error(Fault::last("unlinkat"), "remove the name " + name.text);
}

// The caller holds the lock.
Result<void> remove_name(const std::string& root, const Name& name) {
  const int directory = name.directory.get();
  ::unlinkat(directory, complete_file, 0);
  TRY(remove_kinds(name));
  if (const auto holder = running_holder(directory)) TRY(end_holder(*holder));
  ::unlinkat(directory, holder_file, 0);
  remove_temporary(directory);
  TRY(remove_directory(name));
  ::rmdir((root + "/" + all_names).c_str());  // succeeds only after the last name
  return {};
}

// ---- creating -----------------------------------------------------------------------------------

// A claimed name. Destroying it before keep() removes everything.
class Claim {
 public:
  Claim(std::string root, Name name) : root_(std::move(root)), name_(std::move(name)) {}
  Claim(Claim&& other) noexcept = default;
  Claim& operator=(Claim&&) = delete;
  ~Claim() {
    if (name_.directory && !kept_) (void)remove_name(root_, name_);
  }
  [[nodiscard]] const Name& name() const { return name_; }
  [[nodiscard]] Name& name() { return name_; }
  void keep() { kept_ = true; }

 private:
  std::string root_;
  Name name_;
  bool kept_ = false;
};

Result<Claim> claim_once(const std::string& root, const std::string& name) {
  const UniqueFd store =
      TRY(open_at(AT_FDCWD, root.c_str(), O_PATH | O_DIRECTORY).because("open " + printable(root)));
  if (::mkdirat(store.get(), all_names, 0700) != 0 && errno != EEXIST) {
    return Error(Fault::last("mkdirat"), "make the place of names");
  }
  UniqueFd all = TRY(
      open_directory(store.get(), all_names).because("open the names below " + printable(root)));
  if (::mkdirat(all.get(), name.c_str(), 0700) != 0) {
    if (errno == EEXIST) {
      return Error(Error::Kind::refused, "there are already namespaces with the name " + name);
    }
    return Error(Fault::last("mkdirat"), "claim the name " + name);
  }
  Name claimed = TRY(open_name(std::move(all), name).because("open the name " + name));
  TRY(lock_name(claimed));
  if (is_removed(claimed)) return Error(Fault{ENOENT, ""}, "claim the name " + name);
  return Claim(root, std::move(claimed));
}

// Until the name is locked, another command may take it for a leftover and remove it. Then try
// again.
Result<Claim> claim(const std::string& root, const std::string& name) {
  TRY(check_name(name));
  constexpr int attempts = 100;
  for (int i = 1;; ++i) {
    Result<Claim> claimed = claim_once(root, name);
    if (claimed.ok() || claimed.error().error != ENOENT || i == attempts) return claimed;
  }
}

// Mounts in the directory are visible only in this mount namespace.
Call<void> mount_on_itself(Name& name) {
  const UniqueFd tree =
      TRY(sys::open_tree(name.directory.get(), "", OPEN_TREE_CLONE | AT_EMPTY_PATH));
  TRY(sys::move_mount(tree.get(), name.all.get(), name.text.c_str()));
  mount_attr is_private{};
  is_private.propagation = MS_PRIVATE;
  TRY(sys::mount_setattr(tree.get(), 0, is_private));
  name.directory = TRY(open_directory(name.all.get(), name.text.c_str()));
  return {};
}

Result<void> mark_complete(const Name& name) {
  (void)TRY(open_at(name.directory.get(), complete_file, O_WRONLY | O_CREAT | O_EXCL, 0600)
                .because("complete the name " + name.text));
  return {};
}

}  // namespace

Result<void> hold_new_namespaces(const std::string& root, const std::string& name,
                                 const NamespaceWishes& wishes, int holder_program) {
  TRY(check(wishes));
  Claim claimed = TRY(claim(root, name));
  TRY(mount_on_itself(claimed.name()).because("make " + name + " a private mount"));
  const int directory = claimed.name().directory.get();
  Making making = TRY(Making::begin(wishes, holder_program));
  for (const OpenedNamespace& one : making.namespaces()) {
    TRY(pin_at(one, directory, kind_of(one.link.type).proc_name));
  }
  const bool needs_holder = has_kind(making.namespaces(), oci::NamespaceType::pid);
  if (needs_holder) {
    TRY(making.become_holder());
    TRY(write_holder(directory, making.pid()));
    TRY(making.release());
  }
  TRY(mark_complete(claimed.name()));
  claimed.keep();
  return {};
}

Result<void> drop_name(const std::string& root, const std::string& name) {
  const Name found = TRY(find_name(root, name));
  TRY(lock_name(found));
  if (is_removed(found)) return no_such_name(name);
  return remove_name(root, found);
}

Result<std::vector<OpenedNamespace>> open_namespaces_of_name(const std::string& root,
                                                             const std::string& name,
                                                             const Kinds& kinds) {
  const Name found = TRY(find_name(root, name));
  std::vector<OpenedNamespace> opened;
  for (const oci::NamespaceType type : kinds_by_name) {
    const char* file = kind_of(type).proc_name;
    const bool is_named = has_kind(kinds, type);
    if (!is_named && !kinds.empty()) continue;
    if (!exists_in(found.directory.get(), file)) {
      if (!is_named) continue;
      return Error(Error::Kind::not_found, "the name " + name + " holds no " + file + " namespace");
    }
    opened.push_back(TRY(open_namespace_beneath(found.directory.get(), file, {type})));
  }
  if (!opened.empty()) return opened;
  return Error(Error::Kind::not_found, "the name " + name + " holds no namespaces");
}

Result<std::vector<oci::Namespace>> entries_of_name(const std::string& root,
                                                    const std::string& name) {
  const std::string store = TRY(real_path(root).because("find the store " + printable(root)));
  const std::string place = store + "/" + all_names + "/";
  std::vector<oci::Namespace> entries;
  for (const OpenedNamespace& one : TRY(open_namespaces_of_name(root, name, {}))) {
    entries.push_back({one.link.type, place + name + "/" + kind_of(one.link.type).proc_name});
  }
  return entries;
}

std::vector<oci::Namespace> joined_by_name(const std::string& store, const oci::Config& recorded) {
  std::vector<oci::Namespace> joined;
  if (!recorded.linux_) return joined;
  const std::string place = store + "/" + all_names + "/";
  std::ranges::copy_if(recorded.linux_->namespaces, std::back_inserter(joined),
                       [&](const oci::Namespace& one) { return one.path.starts_with(place); });
  return joined;
}

std::vector<std::string> names_below(const std::string& root) {
  std::vector<std::string> names;
  const Call<UniqueFd> all = open_all(root);
  if (!all.ok()) return names;
  (void)for_each_entry(all->get(), [&](const dirent& entry) {
    if (check_id(entry.d_name).ok()) names.emplace_back(entry.d_name);
  });
  std::ranges::sort(names);
  return names;
}

namespace {

std::vector<std::string> kinds_held(int directory) {
  std::vector<std::string> kinds;
  for (const oci::NamespaceType type : kinds_by_name) {
    const char* file = kind_of(type).proc_name;
    if (open_namespace_beneath(directory, file, {type}).ok()) kinds.emplace_back(file);
  }
  return kinds;
}

std::string problem_of(const oci::NamespaceName& name, bool is_complete) {
  if (!is_complete) return "its create or delete was interrupted, or still works";
  if (name.kinds.empty()) return "its namespaces are gone, as after a reboot";
  const bool has_pid = std::ranges::count(name.kinds, "pid") != 0;
  if (has_pid && name.holder == 0) return "its pid namespace has no init any more";
  return "";
}

}  // namespace

Result<oci::NamespaceName> describe_name(const std::string& root, const std::string& name) {
  const Name found = TRY(find_name(root, name));
  oci::NamespaceName described;
  described.name = name;
  described.kinds = kinds_held(found.directory.get());
  const auto holder = running_holder(found.directory.get());
  described.holder = holder ? holder->pid : 0;
  const bool is_complete = exists_in(found.directory.get(), complete_file);
  described.complete = is_complete && !described.kinds.empty();
  described.problem = problem_of(described, is_complete);
  return described;
}

Result<bool> collect_name(const std::string& root, const std::string& name, bool dry_run) {
  const Result<Name> found = find_name(root, name);
  if (!found.ok() && found.error().kind == Error::Kind::not_found) return false;
  if (!found.ok()) return found.error();
  if (::flock(found->locked.get(), LOCK_EX | LOCK_NB) != 0 || is_removed(*found)) return false;
  const Result<oci::NamespaceName> described = describe_name(root, name);
  if (!described.ok() || described->complete) return false;
  if (!dry_run) TRY(remove_name(root, *found));
  return true;
}

}  // namespace tare::runtime
