// SPDX-License-Identifier: Apache-2.0
//
// The namespaces on this machine, and those of one process.
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/ns_tables.h"
#include "runtime/commands/rows.h"
#include "runtime/namespaces/names.h"
#include "runtime/namespaces/process_view.h"
#include "runtime/namespaces/survey.h"

namespace tare::runtime {

namespace {

Result<Survey> survey(const CommandContext& context) {
  Survey found = TRY(survey_namespaces());
  if (found.hidden != 0) {
    context.log.warning(std::to_string(found.hidden) +
                        " processes cannot be looked at without CAP_SYS_PTRACE");
  }
  note_containers(found, TRY(context.store()));
  return found;
}

// The names of `ns create`. Each name is also noted in the namespaces that it holds.
Result<std::vector<oci::NamespaceName>> note_names(const CommandContext& context, Survey& found) {
  const std::string root = TRY(context.root());
  std::vector<oci::NamespaceName> names;
  for (const std::string& name : names_below(root)) {
    const Result<oci::NamespaceName> described = describe_name(root, name);
    if (!described.ok()) continue;  // deleted in the meantime
    names.push_back(*described);
    const auto held = open_namespaces_of_name(root, name, {});
    if (!held.ok()) continue;
    for (const OpenedNamespace& one : *held) {
      const auto seen = found.by_inode.find(one.link.inode);
      if (seen != found.by_inode.end()) seen->second.name = name;
    }
  }
  return names;
}

Result<int> ns_list_command(const CommandContext& context) {
  const std::string kind = context.options().text("kind");
  const auto wanted = kind_named(kind);
  if (!kind.empty() && !wanted) {
    return Error(Error::Kind::usage, "unknown kind of namespace " + quote(kind));
  }
  oci::NamespaceList list;
  Survey found = TRY(survey(context));
  list.names = TRY(note_names(context, found));
  list.namespaces = found.in_order();
  if (wanted) {
    std::erase_if(list.namespaces,
                  [&](const auto& seen) { return seen.kind != kind_of(*wanted).proc_name; });
  }
  if (context.options().text("format") == "json") {
    TRY(print_out(oci::encode_namespace_list(list)));
  } else if (context.options().has("tree")) {
    TRY(print_out(trees_of(list.namespaces)));
  } else {
    TRY(print_out(table_of(list.namespaces, Paint(STDOUT_FILENO)) + table_of(list.names)));
  }
  return 0;
}

// The namespace of the process and its ancestors of this kind, up to the first one.
std::vector<oci::NamespaceSeen> line_of(const Survey& found, std::uint64_t inode) {
  std::vector<oci::NamespaceSeen> line;
  while (found.by_inode.contains(inode)) {
    line.push_back(found.by_inode.at(inode));
    inode = line.back().parent;
  }
  return line;
}

Result<std::string> tree_of_process(const CommandContext& context, pid_t pid) {
  const Survey found = TRY(survey(context));
  std::vector<oci::NamespaceSeen> lines;
  for (const NamespaceLink& link : namespaces_of_process(pid)) {
    const bool is_nested =
        link.type == oci::NamespaceType::user || link.type == oci::NamespaceType::pid;
    if (!is_nested) continue;
    const auto line = line_of(found, link.inode);
    lines.insert(lines.end(), line.begin(), line.end());
  }
  return trees_of(lines);
}

Result<int> ns_show_command(const CommandContext& context) {
  const std::string& name = context.id();
  const pid_t pid = TRY(process_named(context, name));
  oci::ProcessNamespaces process = TRY(view_process(pid));
  if (!parse_number<pid_t>(name)) process.container = name;
  if (context.options().text("format") == "json") {
    TRY(print_out(oci::encode_process_namespaces(process)));
  } else if (context.options().has("tree")) {
    const std::string tree = TRY(tree_of_process(context, pid));
    TRY(print_out(tree));
  } else {
    TRY(print_out(table_of(process, Paint(STDOUT_FILENO))));
  }
  return 0;
}

constexpr Option list_options[] = {
    shared::text_or_json,
    {.name = "tree", .help = "print the hierarchies of user and pid namespaces (text only)"},
    {.name = "kind",
     .takes = Option::Takes::text,
     .value = "KIND",
     .help = "list only namespaces of this kind: mnt, uts, ipc, net, pid, user, cgroup or time"},
};
constexpr Option show_options[] = {
    shared::text_or_json,
    {.name = "tree",
     .help = "print the user and pid namespaces above those of the process (text only)"},
};
constexpr Example list_examples[] = {
    {"List all namespaces:", "tare ns list"},
    {"List the network namespaces as JSON:", "tare ns list --kind net --format json"},
    {"Show how user and pid namespaces are nested:", "tare ns list --tree"},
};
constexpr Example show_examples[] = {
    {"Show the namespaces of a container's init:", "tare ns show web"},
    {"Show your shell's own:", "tare ns show $$"},
};

}  // namespace

const Command ns_list_row = {
    .name = "ns list",
    .arguments = "",
    .summary = "list the namespaces of this machine and what holds them",
    .description =
        "Lists every namespace by kind and inode number, with the user namespace that owns it, the "
        "number of processes in it, and what else holds it: a bind mount, an open descriptor, a "
        "single thread of a process, the children that a process will have, or a namespace below. "
        "CONTAINER is the ID of a container, or the name of a namespace that `tare ns create` "
        "holds; these names follow in a table of their own, including leftovers of an interrupted "
        "`ns create`.\n\n"
        "Namespaces are found through the processes that tare may inspect, and through the mounts "
        "of all mount namespaces that have a process. A namespace that only a socket holds is not "
        "found. On a terminal, namespaces that are not the host's are coloured, unless NO_COLOR is "
        "set.",
    .options = list_options,
    .least = 0,
    .most = 0,
    .run = ns_list_command,
    .examples = list_examples,
    .see_also = "tare-ns-show(1) lsns(8) namespaces(7)",
};

const Command ns_show_row = {
    .name = "ns show",
    .arguments = "PID|ID",
    .summary = "show the namespaces of a process and of its threads",
    .description =
        "Prints the namespaces of a process (PID), or of the init of a container (ID), and then "
        "those of each of its threads: a thread (TID) of a process (TGID) can have namespaces of "
        "its own. A number is always a process ID.\n\n"
        "`*` marks a namespace that is not the host's: process 1's, or tare's if process 1 cannot "
        "be inspected. `+` marks a namespace that is not the parent process's. If the parent "
        "cannot be inspected, the answer is unknown.",
    .options = show_options,
    .least = 1,
    .most = 1,
    .run = ns_show_command,
    .examples = show_examples,
    .see_also = "tare-ns-list(1) tare-ps(1) namespaces(7)",
};

}  // namespace tare::runtime
