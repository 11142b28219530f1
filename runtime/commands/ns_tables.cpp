// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/ns_tables.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "runtime/command_line/columns.h"
#include "runtime/command_line/tree.h"
#include "runtime/namespaces/links.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

using Row = std::vector<std::string>;

std::string number_or_dash(std::uint64_t number) {
  return number == 0 ? "-" : std::to_string(number);
}

std::string words_of(const oci::NamespaceHold& hold) {
  const std::string process = std::to_string(hold.pid);
  if (hold.by == "descriptor") {
    return "descriptor " + std::to_string(hold.number) + " of " + process;
  }
  if (hold.by == "thread") return "thread " + std::to_string(hold.number) + " of " + process;
  if (hold.by == "children") return "children of " + process;
  if (hold.by == "namespace") return "a namespace below";
  return "mount " + printable(hold.path) + (hold.pid == 0 ? "" : " (seen by " + process + ")");
}

// The table shows only the first ones; the JSON has all of them.
std::string holds_of(const oci::NamespaceSeen& seen) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> words;
  if (seen.processes != 0) words.emplace_back("processes");
  for (const auto& hold : seen.heldBy) words.push_back(words_of(hold));
  const std::size_t more = words.size() > shown ? words.size() - shown : 0;
  words.resize(words.size() - more);
  return join(words, ", ") + (more == 0 ? "" : ", and " + std::to_string(more) + " more");
}

std::string of_whom(const oci::NamespaceSeen& seen) {
  if (!seen.name.empty() && seen.container.empty()) return "ns " + seen.name;
  return seen.container.empty() ? "-" : seen.container;
}

Row row_of(const oci::NamespaceSeen& seen, bool is_hosts, const Paint& paint) {
  const std::string inode = std::to_string(seen.inode);
  return {seen.kind,
          is_hosts ? paint.plain(inode) : paint.marked(inode),
          number_or_dash(seen.owner),
          std::to_string(seen.processes),
          seen.pids.empty() ? "-" : std::to_string(seen.pids.front()),
          of_whom(seen),
          seen.command.empty() ? "-" : seen.command,
          holds_of(seen)};
}

}  // namespace

std::string table_of(const std::vector<oci::NamespaceSeen>& namespaces, const Paint& paint) {
  const auto host = namespaces_of_host();
  std::vector<Row> rows{
      {"KIND", paint.plain("INODE"), "OWNER", "PROCS", "PID", "CONTAINER", "COMMAND", "HELD BY"}};
  for (const auto& seen : namespaces) {
    const bool is_hosts = std::ranges::count(host, seen.inode, &NamespaceLink::inode) != 0;
    rows.push_back(row_of(seen, is_hosts, paint));
  }
  return in_columns(rows, 0, 2);
}

std::string table_of(const std::vector<oci::NamespaceName>& names) {
  if (names.empty()) return "";
  std::vector<Row> rows{{"NAME", "KINDS", "HOLDER", "STATE"}};
  for (const auto& name : names) {
    rows.push_back({name.name, name.kinds.empty() ? "-" : join(name.kinds, ","),
                    number_or_dash(static_cast<std::uint64_t>(name.holder)),
                    name.problem.empty() ? "complete" : name.problem});
  }
  return "\n" + in_columns(rows, 0, 2);
}

std::string trees_of(const std::vector<oci::NamespaceSeen>& namespaces) {
  std::string text;
  for (const char* kind : {"user", "pid"}) {
    std::vector<TreeNode> nodes;
    for (const auto& seen : namespaces) {
      if (seen.kind != kind) continue;
      std::string words = std::to_string(seen.inode) + "  " + std::to_string(seen.processes) +
                          (seen.processes == 1 ? " process" : " processes");
      if (of_whom(seen) != "-") words += "  " + of_whom(seen);
      if (!seen.pids.empty())
        words += "  " + std::to_string(seen.pids.front()) + " " + seen.command;
      nodes.push_back({seen.inode, seen.parent, words});
    }
    text += (text.empty() ? "" : "\n") + std::string(kind) + " namespaces\n" + as_tree(nodes);
  }
  return text;
}

namespace {

std::string marks_of(const oci::NamespaceOf& one) {
  return std::string(one.differsFromHost ? "*" : "") +
         (one.differsFromParent.value_or(false) ? "+" : "");
}

std::string heading(const oci::ProcessNamespaces& process) {
  std::string text = "process " + std::to_string(process.pid) + ": " + process.command + "\n";
  text += "tgid " + std::to_string(process.tgid) + ", parent " + std::to_string(process.parent) +
          ", threads: " + std::to_string(process.threads.size());
  return text + (process.container.empty() ? "" : ", container " + process.container) + "\n\n";
}

Row cells_of(const oci::ThreadNamespaces& thread, int tgid, const Paint& paint) {
  Row row{std::to_string(tgid), std::to_string(thread.tid), thread.name};
  for (const oci::NamespaceType type : kinds_by_name) {
    const auto one =
        std::ranges::find(thread.namespaces, kind_of(type).proc_name, &oci::NamespaceOf::kind);
    if (one == thread.namespaces.end()) {
      row.push_back(paint.plain("-"));
      continue;
    }
    const std::string text = std::to_string(one->inode) + marks_of(*one);
    row.push_back(one->differsFromHost ? paint.marked(text) : paint.plain(text));
  }
  return row;
}

std::string in_capitals(std::string word) {
  for (char& letter : word) letter = static_cast<char>(letter - 'a' + 'A');
  return word;
}

std::string threads_of(const oci::ProcessNamespaces& process, const Paint& paint) {
  Row titles{"TGID", "TID", "NAME"};
  for (const oci::NamespaceType type : kinds_by_name) {
    titles.push_back(paint.plain(in_capitals(kind_of(type).proc_name)));
  }
  std::vector<Row> rows{titles};
  for (const auto& thread : process.threads) rows.push_back(cells_of(thread, process.tgid, paint));
  return in_columns(rows, 0, 2);
}

std::string answer(std::optional<bool> differs) {
  if (!differs) return "unknown";
  return *differs ? "differs" : "same";
}

std::string kinds_of(const oci::ProcessNamespaces& process, const Paint& paint) {
  std::vector<Row> rows{{"KIND", paint.plain("INODE"), "OWNER", "HOST'S", "PARENT'S"}};
  for (const oci::NamespaceOf& one : process.threads.front().namespaces) {
    const std::string inode = std::to_string(one.inode);
    rows.push_back({one.kind, one.differsFromHost ? paint.marked(inode) : paint.plain(inode),
                    number_or_dash(one.owner), answer(one.differsFromHost),
                    answer(one.differsFromParent)});
  }
  return in_columns(rows, 0, 2);
}

}  // namespace

std::string table_of(const oci::ProcessNamespaces& process, const Paint& paint) {
  return heading(process) + kinds_of(process, paint) + "\n" + threads_of(process, paint) +
         "\n* not the host's   + not the parent's\n";
}

Result<pid_t> process_named(const CommandContext& context, const std::string& name) {
  if (const auto pid = parse_number<pid_t>(name)) return *pid;
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, name));
  (void)TRY(container.live_status());
  return static_cast<pid_t>(container.record.pid);
}

}  // namespace tare::runtime
