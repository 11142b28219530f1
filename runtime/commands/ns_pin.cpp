// SPDX-License-Identifier: Apache-2.0
//
// Keeps namespaces alive with files and releases them. Also explains why a process cannot be moved
// out of its namespace.
#include "base/text.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/ns_kinds.h"
#include "runtime/commands/rows.h"
#include "runtime/namespaces/pins.h"

namespace tare::runtime {

namespace {

Result<void> pin_all(const std::vector<OpenedNamespace>& namespaces, const Values& options) {
  PinsTogether pins;
  for (const OpenedNamespace& one : namespaces) {
    TRY(pins.add(one, options.text(option_name(one.link.type))));
  }
  pins.keep();
  return {};
}

Result<int> ns_pin_command(const CommandContext& context) {
  const Kinds kinds = kinds_given(context.options());
  if (kinds.empty()) {
    return Error(Error::Kind::usage, "ns pin needs a kind of namespace with a file: --uts FILE");
  }
  if (context.id().find('/') != std::string::npos) {
    return Error(Error::Kind::usage, "ns pin needs PID or ID, not the file " + quote(context.id()));
  }
  const auto opened = TRY(open_named(context, context.id(), kinds));
  TRY(pin_all(opened, context.options()));
  return 0;
}

Result<int> ns_unpin_command(const CommandContext& context) {
  return for_each_id(context, context.ids(), unpin);
}

Result<int> ns_unshare_command(const CommandContext& context) {
  const Kinds kinds = kinds_given(context.options());
  const std::string kind = kinds.empty() ? "" : std::string(" ") + option_name(kinds.front());
  return Error(Error::Kind::unsupported,
               "process " + quote(context.id()) + " cannot be moved to a new" + kind +
                   " namespace: the kernel has no call for it. unshare(2) and setns(2) act on the "
                   "thread that calls them, so that nobody changes the namespaces under a running "
                   "program")
      .with_hint(
          "start the program in a new namespace (unshare(1), tare ns create), or enter "
          "namespaces with tare ns exec");
}

using enum Option::Takes;

constexpr Option file_option(const char* name, const char* help) {
  return {.name = name, .takes = text, .value = "FILE", .help = help};
}

constexpr Option pin_options[] = {
    file_option("cgroup", "file for the cgroup namespace"),
    file_option("ipc", "file for the IPC namespace"),
    file_option("mount", "file for the mount namespace, on a private mount"),
    file_option("net", "file for the network namespace"),
    file_option("pid", "file for the pid namespace (its init must keep running)"),
    file_option("time", "file for the time namespace"),
    file_option("user", "file for the user namespace"),
    file_option("uts", "file for the UTS namespace"),
};
constexpr Option unshare_options[] = {
    kind_option::cgroup, kind_option::ipc,  kind_option::mount, kind_option::net,
    kind_option::pid,    kind_option::time, kind_option::user,  kind_option::uts,
};
constexpr Example pin_examples[] = {
    {"Hold two namespaces of a container, and drop them again:",
     "tare ns pin web --uts ./uts --net ./net\ntare ns unpin ./uts ./net"},
};
constexpr Example unpin_examples[] = {
    {"Drop a namespace that a file holds:", "tare ns pin web --ipc ./ipc\ntare ns unpin ./ipc"},
};
constexpr Example unshare_examples[] = {
    {"See why a process cannot be moved:", "tare ns unshare $$ --net 2>&1 || true"},
};

}  // namespace

const Command ns_pin_row = {
    .name = "ns pin",
    .arguments = "PID|ID",
    .summary = "keep namespaces of a process or container alive in files",
    .description =
        "Mounts namespaces of a process (PID), or of the init of a container (ID), on files. The "
        "namespaces then exist until `tare ns unpin`, even without a process. FILE is created, or "
        "must be an empty file. All options succeed, or none is applied.\n\n"
        "A mount namespace can be pinned only in an older mount namespace, on a private mount. A "
        "pid namespace cannot be used any more after its init has ended.",
    .options = pin_options,
    .least = 1,
    .most = 1,
    .run = ns_pin_command,
    .examples = pin_examples,
    .see_also = "tare-ns-unpin(1) tare-ns-exec(1) tare-ns-list(1) namespaces(7)",
};

const Command ns_unpin_row = {
    .name = "ns unpin",
    .arguments = "FILE...",
    .summary = "release namespaces kept by ns pin",
    .description =
        "Unmounts the namespace from FILE and removes the file, if it is empty. The namespace ends "
        "when nothing else holds it. A link, or a file that is not a pinned namespace, is refused.",
    .options = {},
    .least = 1,
    .most = -1,
    .run = ns_unpin_command,
    .uses_store = false,
    .examples = unpin_examples,
    .see_also = "tare-ns-pin(1) umount(8)",
};

const Command ns_unshare_row = {
    .name = "ns unshare",
    .arguments = "PID",
    .summary = "explain why a process cannot be moved to a new namespace",
    .description =
        "Always fails: unshare(2) gives new namespaces to the thread that calls it, and setns(2) "
        "moves that thread. The kernel has no call that does so to another process.",
    .options = unshare_options,
    .least = 1,
    .most = 1,
    .run = ns_unshare_command,
    .uses_store = false,
    .examples = unshare_examples,
    .see_also = "tare-ns-exec(1) unshare(1) unshare(2)",
};

}  // namespace tare::runtime
