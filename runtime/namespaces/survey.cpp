// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/survey.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/directory.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/namespaces/opened.h"
#include "runtime/namespaces/relations.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

using oci::NamespaceSeen;
using oci::NamespaceType;

std::string proc_directory(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

// Opens a mount point as a process sees it. The process may belong to a container and put anything
// there. So only a namespace is opened, and no link leads out of its root.
Result<UniqueFd> open_mount_point(pid_t pid, const std::string& point) {
  const std::string path = proc_directory(pid) + "/root";
  const UniqueFd root = TRY(open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY));
  const UniqueFd place =
      TRY(sys::openat2(root.get(), point.c_str(), O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
  OpenedNamespace opened = TRY(open_namespace_place(place.get(), point, {}));
  return std::move(opened.fd);
}

class Surveyor {
 public:
  Survey look();

 private:
  void look_at_process(pid_t pid);
  void look_at_threads(pid_t pid, int directory, const std::vector<NamespaceLink>& of_process);
  void look_at_children(pid_t pid, int directory, const std::vector<NamespaceLink>& of_process);
  void look_at_descriptors(pid_t pid, int directory);
  void look_at_mounts(pid_t pid);
  void look_at_mount(pid_t pid, const MountLine& mount);

  // The entry of a namespace. For a new one, `open` is called, to query the kernel about it.
  template <class Open>
  NamespaceSeen& entry(const NamespaceLink& link, Open open);
  void relate(NamespaceSeen& seen, int fd);
  std::uint64_t relative(Call<UniqueFd> fd);

  Survey survey_;
  std::set<std::uint64_t> asked_;           // inodes that were already queried
  std::map<std::uint64_t, pid_t> viewers_;  // one process of each mount namespace
};

template <class Open>
NamespaceSeen& Surveyor::entry(const NamespaceLink& link, Open open) {
  NamespaceSeen& seen = survey_.by_inode[link.inode];
  if (asked_.contains(link.inode)) return seen;
  seen.kind = kind_of(link.type).proc_name;
  seen.inode = link.inode;
  const auto fd = open();
  if (fd.ok() && identify(fd->get()).value_or(NamespaceLink{}).inode == link.inode) {
    asked_.insert(link.inode);
    relate(seen, fd->get());
  }
  return seen;
}

void Surveyor::relate(NamespaceSeen& seen, int fd) {
  const bool is_nested = seen.kind == "user" || seen.kind == "pid";
  if (is_nested) seen.parent = relative(open_parent(fd));
  // The owner of a user namespace is its parent.
  seen.owner = seen.kind == "user" ? seen.parent : relative(open_owner(fd));
}

std::uint64_t Surveyor::relative(Call<UniqueFd> fd) {
  if (!fd.ok()) return 0;
  const auto link = identify(fd->get());
  if (!link) return 0;
  (void)entry(*link, [&] { return std::move(fd); });
  return link->inode;
}

void Surveyor::look_at_process(pid_t pid) {
  const Call<UniqueFd> directory =
      open_at(AT_FDCWD, proc_directory(pid).c_str(), O_PATH | O_DIRECTORY);
  if (!directory.ok()) return;  // it has ended in the meantime
  const std::vector<NamespaceLink> links = namespaces_of(directory->get());
  if (links.empty()) {
    survey_.hidden += process_status(pid) ? 1 : 0;
    return;
  }
  for (const NamespaceLink& link : links) {
    const std::string file = std::string("ns/") + kind_of(link.type).proc_name;
    NamespaceSeen& seen =
        entry(link, [&] { return open_at(directory->get(), file.c_str(), O_RDONLY); });
    seen.pids.push_back(pid);
    ++seen.processes;
    if (link.type == NamespaceType::mount) viewers_.try_emplace(link.inode, pid);
  }
  look_at_threads(pid, directory->get(), links);
  look_at_children(pid, directory->get(), links);
  look_at_descriptors(pid, directory->get());
}

// setns(2) and unshare(2) act on one thread, so threads can differ.
void Surveyor::look_at_threads(pid_t pid, int directory,
                               const std::vector<NamespaceLink>& of_process) {
  for (const int tid : numbers_in(directory, "task")) {
    if (tid == pid) continue;
    const std::string path = "task/" + std::to_string(tid);
    const Call<UniqueFd> thread = open_at(directory, path.c_str(), O_PATH | O_DIRECTORY);
    if (!thread.ok()) continue;
    for (const NamespaceLink& link : namespaces_of(thread->get())) {
      if (inode_of_kind(of_process, link.type) == link.inode) continue;
      const std::string file = std::string("ns/") + kind_of(link.type).proc_name;
      NamespaceSeen& seen =
          entry(link, [&] { return open_at(thread->get(), file.c_str(), O_RDONLY); });
      seen.heldBy.push_back({.by = "thread", .pid = pid, .number = tid, .path = {}});
    }
  }
}

void Surveyor::look_at_children(pid_t pid, int directory,
                                const std::vector<NamespaceLink>& of_process) {
  for (const char* file : {"ns/pid_for_children", "ns/time_for_children"}) {
    const auto link = read_namespace_link(directory, file);
    if (!link || inode_of_kind(of_process, link->type) == link->inode) continue;
    NamespaceSeen& seen = entry(*link, [&] { return open_at(directory, file, O_RDONLY); });
    seen.heldBy.push_back({.by = "children", .pid = pid, .path = {}});
  }
}

// The link of a file in /proc/PID/fd cannot look like a namespace: the path of a file begins with a
// slash.
void Surveyor::look_at_descriptors(pid_t pid, int directory) {
  for (const int number : numbers_in(directory, "fd")) {
    const std::string file = "fd/" + std::to_string(number);
    const auto link = read_namespace_link(directory, file.c_str());
    if (!link || pid == ::getpid()) continue;
    NamespaceSeen& seen = entry(*link, [&] { return open_at(directory, file.c_str(), O_RDONLY); });
    seen.heldBy.push_back({.by = "descriptor", .pid = pid, .number = number, .path = {}});
  }
}

void Surveyor::look_at_mounts(pid_t pid) {
  const auto mounts = read_mounts(pid);
  if (!mounts.ok()) return;
  for (const MountLine& mount : *mounts) {
    if (mount.type == "nsfs") look_at_mount(pid, mount);
  }
}

void Surveyor::look_at_mount(pid_t pid, const MountLine& mount) {
  const auto link = parse_namespace_link(mount.root);
  if (!link) return;
  NamespaceSeen& seen = entry(*link, [&] { return open_mount_point(pid, mount.point); });
  const pid_t viewer = pid == ::getpid() ? 0 : pid;
  seen.heldBy.push_back({.by = "mount", .pid = viewer, .path = mount.point});
}

Survey Surveyor::look() {
  const pid_t self = ::getpid();
  const auto own = namespaces_of_process(self);
  viewers_[inode_of_kind(own, NamespaceType::mount)] = self;  // the reader can use its paths
  Progress progress("look at all processes");
  for (const int pid : numbers_in(AT_FDCWD, "/proc")) {
    look_at_process(pid);
    progress.look();
  }
  for (const auto& [inode, pid] : viewers_) look_at_mounts(pid);
  for (auto& [inode, seen] : survey_.by_inode) {
    if (!seen.pids.empty()) seen.command = command_of_process(seen.pids.front());
    // It was found as the parent or owner of another namespace.
    const bool is_held = !seen.pids.empty() || !seen.heldBy.empty();
    if (!is_held) seen.heldBy.push_back({.by = "namespace", .path = {}});
  }
  return std::move(survey_);
}

}  // namespace

std::vector<int> numbers_in(int directory, const char* path) {
  std::vector<int> numbers;
  const Call<UniqueFd> opened = open_at(directory, path, O_RDONLY | O_DIRECTORY);
  if (!opened.ok()) return numbers;
  (void)for_each_entry(opened->get(), [&](const dirent& entry) {
    if (const auto number = parse_number<int>(entry.d_name)) numbers.push_back(*number);
  });
  std::ranges::sort(numbers);
  return numbers;
}

std::string command_of_process(pid_t pid) {
  std::string words = read_proc(pid, "cmdline").value_or("");
  while (!words.empty() && words.back() == '\0') words.pop_back();
  std::ranges::replace(words, '\0', ' ');
  if (words.empty()) {
    const std::string status = read_proc(pid, "status").value_or("");
    words = "[" + std::string(status_field(status, "Name")) + "]";
  }
  constexpr std::size_t longest = 40;
  const bool is_long = words.size() > longest;
  // A process chooses its own name, which can contain any bytes.
  return printable(words.substr(0, longest)) + (is_long ? "..." : "");
}

std::vector<NamespaceSeen> Survey::in_order() const {
  std::vector<NamespaceSeen> all;
  for (const auto& [inode, seen] : by_inode) all.push_back(seen);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& one, const auto& other) { return one.kind < other.kind; });
  return all;
}

Result<Survey> survey_namespaces() {
  Survey survey = Surveyor().look();
  if (!survey.by_inode.empty()) return survey;
  return Error("no process can be seen: is /proc mounted?");
}

void note_containers(Survey& survey, const Store& store) {
  const auto host = namespaces_of_host();
  const auto own = namespaces_of_process(::getpid());
  const Result<std::vector<std::string>> ids = store.ids();
  for (const std::string& id : ids.ok() ? *ids : std::vector<std::string>()) {
    const Result<Container> container = Container::load(store, id);
    if (!container.ok() || !container->live_status().ok()) continue;
    for (const NamespaceLink& link :
         namespaces_of_process(static_cast<pid_t>(container->record.pid))) {
      const bool is_hosts = inode_of_kind(host, link.type) == link.inode ||
                            inode_of_kind(own, link.type) == link.inode;
      const auto found = survey.by_inode.find(link.inode);
      if (is_hosts || found == survey.by_inode.end()) continue;
      std::string& container_ids = found->second.container;
      container_ids += (container_ids.empty() ? "" : ",") + id;
    }
  }
}

}  // namespace tare::runtime
