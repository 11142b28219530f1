// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/process_view.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "runtime/namespaces/links.h"
#include "runtime/namespaces/relations.h"
#include "runtime/namespaces/survey.h"

namespace tare::runtime {

namespace {

using Links = std::vector<NamespaceLink>;

struct Others {
  Links host;
  Links parent;  // empty: unknown
  std::map<std::uint64_t, std::uint64_t> owners;
};

std::uint64_t owner_at(int directory, oci::NamespaceType type) {
  const std::string file = std::string("ns/") + kind_of(type).proc_name;
  const Call<UniqueFd> fd = open_at(directory, file.c_str(), O_RDONLY);
  if (!fd.ok()) return 0;
  const Call<UniqueFd> owner =
      type == oci::NamespaceType::user ? open_parent(fd->get()) : open_owner(fd->get());
  return owner.ok() ? identify(owner->get()).value_or(NamespaceLink{}).inode : 0;
}

// Nothing if it is unknown.
std::optional<bool> differs(const Links& others, const NamespaceLink& link) {
  const std::uint64_t other = inode_of_kind(others, link.type);
  if (other == 0) return std::nullopt;
  return other != link.inode;
}

oci::NamespaceOf compared(int directory, const NamespaceLink& link, Others& others) {
  const auto [owner, is_new] = others.owners.try_emplace(link.inode);
  if (is_new) owner->second = owner_at(directory, link.type);
  return {kind_of(link.type).proc_name, link.inode, owner->second,
          differs(others.host, link).value_or(false), differs(others.parent, link)};
}

// A thread chooses its own name, which can contain any bytes.
oci::ThreadNamespaces view_thread(int tid, int directory, Others& others) {
  oci::ThreadNamespaces thread;
  thread.tid = tid;
  const std::string name = read_kernel_file(directory, "comm").value_or("");
  thread.name = printable(without_newline(name));
  for (const NamespaceLink& link : namespaces_of(directory)) {
    thread.namespaces.push_back(compared(directory, link, others));
  }
  return thread;
}

// The main thread comes first.
std::vector<int> threads_of(int process, pid_t pid) {
  std::vector<int> tids = numbers_in(process, "task");
  std::ranges::sort(tids, {}, [pid](int tid) { return tid == pid ? 0 : tid; });
  return tids;
}

int number_in(const std::string& status, std::string_view name) {
  return parse_number<int>(status_field(status, name)).value_or(0);
}

}  // namespace

Result<oci::ProcessNamespaces> view_process(pid_t pid) {
  const Error missing(Error::Kind::not_found, "process does not exist: " + std::to_string(pid));
  const std::string path = "/proc/" + std::to_string(pid);
  const Call<UniqueFd> directory = open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY);
  if (!directory.ok()) return missing;
  const Call<std::string> status = read_kernel_file(directory->get(), "status");
  if (!status.ok()) return missing;
  oci::ProcessNamespaces view;
  view.pid = pid;
  view.tgid = number_in(*status, "Tgid");
  view.parent = number_in(*status, "PPid");
  view.command = command_of_process(pid);
  Others others{namespaces_of_host(), namespaces_of_process(view.parent), {}};
  for (const int tid : threads_of(directory->get(), pid)) {
    const std::string task = "task/" + std::to_string(tid);
    const Call<UniqueFd> thread = open_at(directory->get(), task.c_str(), O_PATH | O_DIRECTORY);
    if (thread.ok()) view.threads.push_back(view_thread(tid, thread->get(), others));
  }
  if (view.threads.empty() || view.threads.front().namespaces.empty()) {
    return Error(Fault{EACCES, "readlink"}, "read the namespaces of process " + std::to_string(pid))
        .with_hint(
            "tare needs CAP_SYS_PTRACE over the process, and the process must not be a zombie");
  }
  return view;
}

}  // namespace tare::runtime
