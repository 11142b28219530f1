// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/opened.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/namespaces/relations.h"

namespace tare::runtime {

namespace {

Error refused(const std::string& path, const std::string& why) {
  return Error(Error::Kind::refused, printable(path) + " " + why);
}

std::string words_of(const Kinds& kinds) {
  std::vector<std::string> words;
  for (const oci::NamespaceType type : kinds) words.emplace_back(kind_of(type).proc_name);
  return join(words, " or ");
}

}  // namespace

Result<OpenedNamespace> open_namespace_place(int place, const std::string& path,
                                             const Kinds& wanted) {
  if (!is_namespace_file(place)) return refused(path, "is not a namespace");
  const std::string again = "/proc/self/fd/" + std::to_string(place);
  UniqueFd fd = TRY(open_at(AT_FDCWD, again.c_str(), O_RDONLY).because("open " + printable(path)));
  const auto link = identify(fd.get());
  if (!link) return refused(path, "is a namespace of an unknown kind");
  if (wanted.empty() || has_kind(wanted, link->type)) return OpenedNamespace{*link, std::move(fd)};
  return refused(path, std::string("is a ") + kind_of(link->type).proc_name +
                           " namespace, wanted " + words_of(wanted));
}

Result<OpenedNamespace> open_namespace_file(const std::string& path, const Kinds& wanted) {
  const UniqueFd place =
      TRY(open_at(AT_FDCWD, path.c_str(), O_PATH).because("open " + printable(path)));
  return open_namespace_place(place.get(), path, wanted);
}

Result<OpenedNamespace> open_namespace_beneath(int directory, const char* name,
                                               const Kinds& wanted) {
  const UniqueFd place =
      TRY(sys::openat2(directory, name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
              .because("open " + printable(name)));
  return open_namespace_place(place.get(), name, wanted);
}

Result<std::vector<OpenedNamespace>> open_namespaces_of(pid_t pid, std::uint64_t start_time,
                                                        const Kinds& kinds) {
  const std::string path = "/proc/" + std::to_string(pid);
  const Call<UniqueFd> directory = open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY);
  const auto status = process_status(pid);  // after the open: the pid may be reused
  if (!directory.ok() || !status || (start_time != 0 && status->start_time != start_time)) {
    return Error(Error::Kind::not_found, "process does not exist: " + std::to_string(pid));
  }
  std::vector<OpenedNamespace> opened;
  for (const oci::NamespaceType type : kinds) {
    const std::string file = std::string("ns/") + kind_of(type).proc_name;
    const std::string why = join(
        {"open the ", kind_of(type).proc_name, " namespace of process ", std::to_string(pid)}, "");
    UniqueFd fd = TRY(open_at(directory->get(), file.c_str(), O_RDONLY).because(why));
    const auto link = identify(fd.get());
    if (!link || link->type != type) {
      return refused(join({path, file}, "/"), "is not a namespace of that kind");
    }
    opened.push_back({*link, std::move(fd)});
  }
  return opened;
}

void drop_own(std::vector<OpenedNamespace>& namespaces) {
  const auto own = namespaces_of_process(::getpid());
  std::erase_if(namespaces, [&](const OpenedNamespace& one) {
    return inode_of_kind(own, one.link.type) == one.link.inode;
  });
}

bool has_kind(const Kinds& kinds, oci::NamespaceType type) {
  return std::ranges::count(kinds, type) != 0;
}

bool has_kind(const std::vector<OpenedNamespace>& namespaces, oci::NamespaceType type) {
  return std::ranges::any_of(namespaces, [&](const auto& one) { return one.link.type == type; });
}

namespace {

using Pointers = std::vector<const OpenedNamespace*>;

Call<void> join_one(const OpenedNamespace& one) {
  return sys::setns(one.fd.get(), static_cast<int>(clone_flag(one.link.type)));
}

// Removes the namespaces that were joined from the list. Returns the last error of the others.
Call<void> join_each(Pointers& left) {
  Call<void> result;
  std::erase_if(left, [&](const OpenedNamespace* one) {
    Call<void> joined = join_one(*one);
    const bool done = joined.ok();
    if (!done) result = std::move(joined);
    return done;
  });
  return result;
}

Error cannot_join(const OpenedNamespace& one, Fault fault) {
  Error error(fault, std::string("join the ") + kind_of(one.link.type).proc_name + " namespace " +
                         std::to_string(one.link.inode));
  if (fault.error != EPERM) return error;
  return std::move(error).with_hint(
      "setns(2) needs CAP_SYS_ADMIN in the user namespace that owns the namespace: tare ns list "
      "shows which");
}

}  // namespace

Call<void> become_root() {
  if (::setgroups(0, nullptr) != 0 && errno != EPERM) return Fault::last("setgroups");
  if (::setresgid(0, 0, 0) != 0 && errno != EINVAL) return Fault::last("setresgid");
  if (::setresuid(0, 0, 0) != 0 && errno != EINVAL) return Fault::last("setresuid");
  return {};
}

Result<void> enter(const std::vector<OpenedNamespace>& namespaces) {
  Pointers left;
  const OpenedNamespace* user = nullptr;
  for (const OpenedNamespace& one : namespaces) {
    if (one.link.type == oci::NamespaceType::user) {
      user = &one;
    } else {
      left.push_back(&one);
    }
  }
  const Call<void> as_we_are = join_each(left);
  if (user == nullptr) {
    if (!as_we_are.ok()) return cannot_join(*left.front(), as_we_are.error());
    return {};
  }
  const Call<void> joined = join_one(*user);
  if (!joined.ok()) return cannot_join(*user, joined.error());
  const Call<void> as_its_root = join_each(left);
  if (!as_its_root.ok()) return cannot_join(*left.front(), as_its_root.error());
  TRY(become_root());
  return {};
}

}  // namespace tare::runtime
