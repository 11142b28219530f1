// SPDX-License-Identifier: Apache-2.0
//
// Creates namespaces and holds them under a name, with bind mounts.
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/text.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/ns_holder.h"
#include "runtime/commands/ns_kinds.h"
#include "runtime/commands/rows.h"
#include "runtime/namespaces/names.h"
#include "runtime/stub/image.h"

namespace tare::runtime {

Result<UniqueFd> holder_program(const Kinds& kinds) {
  if (!has_kind(kinds, oci::NamespaceType::pid)) return UniqueFd();
  constexpr std::uint64_t all = ~0U;
  StubProgram program;
  program.add(0, stub::Operation::await, {static_cast<std::uint64_t>(holder_pipe)});
  program.system_call(0, SYS_prctl, {PR_SET_PDEATHSIG, 0});
  program.system_call(0, SYS_prctl, {PR_SET_NAME, program.text("tare-holder")});
  program.system_call(0, SYS_close_range, {0, all, 0});
  program.system_call(0, SYS_ppoll, {0, 0, 0, 0});
  UniqueFd image = TRY(make_image(false).because("make the holder of the pid namespace"));
  TRY(program.write(image.get(), -1).because("make the holder of the pid namespace"));
  return image;
}

namespace {

Result<NamespaceWishes> wishes_of(const Values& options) {
  NamespaceWishes wishes;
  wishes.kinds = kinds_given(options);
  wishes.hostname = options.text("hostname");
  for (const std::string& text : options.all("map")) {
    wishes.uid_map.push_back(TRY(parse_mapping(text)));
  }
  wishes.gid_map = wishes.uid_map;
  for (const std::string& text : options.all("sysctl")) {
    wishes.sysctls.push_back(TRY(parse_sysctl(text)));
  }
  TRY(check(wishes));
  return wishes;
}

Result<int> ns_create_command(const CommandContext& context) {
  const NamespaceWishes wishes = TRY(wishes_of(context.options()));
  const UniqueFd program = TRY(holder_program(wishes.kinds));
  (void)TRY(context.make_store());
  const std::string root = TRY(context.root());
  TRY(hold_new_namespaces(root, context.id(), wishes, program.get()));
  return 0;
}

Result<int> ns_delete_command(const CommandContext& context) {
  const std::string root = TRY(context.root());
  return for_each_id(context, context.ids(),
                     [&](const std::string& name) { return drop_name(root, name); });
}

using enum Option::Takes;

constexpr Option create_options[] = {
    kind_option::cgroup,
    kind_option::ipc,
    kind_option::mount,
    kind_option::net,
    kind_option::pid,
    kind_option::time,
    kind_option::user,
    kind_option::uts,
    {.name = "hostname", .takes = text, .value = "NAME", .help = "set the hostname (with --uts)"},
    {.name = "map",
     .takes = text,
     .value = "CONTAINER:HOST:SIZE",
     .help = "map SIZE user and group IDs from HOST on (with --user)",
     .repeatable = true},
    {.name = "sysctl",
     .takes = text,
     .value = "KEY=VALUE",
     .help = "set a kernel parameter of the new namespaces",
     .repeatable = true},
};
constexpr Term files[] = {
    {"ROOT/@ns/NAME/KIND",
     "The file that holds a namespace, for namespaces[].path in config.json."},
};
constexpr Example create_examples[] = {
    {"Hold a UTS and a network namespace without a process, and enter them:",
     "tare ns create pod --uts --net --hostname pod\n"
     "tare ns exec pod hostname\n"
     "tare ns delete pod"},
};
constexpr Example delete_examples[] = {
    {"Drop the namespaces of a name:", "tare ns create pod --ipc\ntare ns delete pod"},
};

}  // namespace

const Command ns_create_row = {
    .name = "ns create",
    .arguments = "NAME",
    .summary = "create namespaces and hold them under a name",
    .description =
        "Creates new namespaces of the kinds that the options name, and holds them with bind "
        "mounts in the state directory until `tare ns delete`. No process stays in them.\n\n"
        "A pid namespace is the exception: it ends with its first process. For `--pid` a small "
        "process stays, in an empty root, with all descriptors closed and without privileges; it "
        "reaps orphans and does nothing else. `tare ns list` shows it as the holder.\n\n"
        "With `--user` all other namespaces belong to the new user namespace. The mount namespace "
        "is a copy of tare's; mounts on the host propagate into it, but not out of it (rslave). "
        "The network namespace has only a loopback device, which is down.\n\n"
        "If tare is killed before it is done, `tare ns list` shows the leftovers, and `tare gc` or "
        "`tare ns delete` removes them.",
    .options = create_options,
    .least = 1,
    .most = 1,
    .run = ns_create_command,
    .files = files,
    .examples = create_examples,
    .see_also = "tare-ns-delete(1) tare-ns-exec(1) tare-ns-list(1) namespaces(7)",
};

const Command ns_delete_row = {
    .name = "ns delete",
    .arguments = "NAME...",
    .summary = "delete namespaces made by ns create",
    .description =
        "Releases the namespaces held under a name, even if their create was interrupted. A "
        "namespace ends when no process and nothing else holds it. The kernel kills the processes "
        "in a pid namespace when its first process ends.",
    .options = {},
    .least = 1,
    .most = -1,
    .run = ns_delete_command,
    .examples = delete_examples,
    .see_also = "tare-ns-create(1) tare-gc(1)",
};

}  // namespace tare::runtime
