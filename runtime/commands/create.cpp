// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

Result<int> create_command(const CommandContext& context) {
  const Store store = TRY(context.make_store());
  Creation creation = TRY(begin_creation(context, store, create_request(context)));
  TRY(creation.launch().commit());
  creation.keep();
  return 0;
}

constexpr Option options[] = {
    shared::bundle,
    shared::config,
    shared::console_socket,
    shared::pidfd_socket,
    shared::pid_file,
    shared::no_pivot,
    shared::no_new_keyring,
    shared::preserve_fds,
    // create always detaches and is never a subreaper. go-runc and callers of crun pass these
    // options.
    {.name = "detach", .letter = 'd', .hidden = true},
    {.name = "no-subreaper", .hidden = true},
};
constexpr Term variables[] = {shared::notify_socket, shared::listen_fds};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Create a container from the bundle in the directory hello, look at it, and start it:",
     "tare create --bundle hello web\ntare state web\ntare start web"},
    {"Write the process ID of the container's init to a file:",
     "tare create --bundle hello --pid-file web.pid web"},
};

}  // namespace

const Command create_row = {
    .name = "create",
    .arguments = "ID",
    .summary = "create a container (start runs its process)",
    .description =
        "Creates the container ID from a bundle: a directory with the file config.json and, "
        "usually, the root file system. Namespaces, mounts, devices, cgroups and limits are set "
        "up. The container's init then waits until `tare start` runs the program that config.json "
        "names.\n\n"
        "Between create and start the container has the status `created`. An engine uses this time "
        "to configure the network, for example.\n\n"
        "The process gets the standard streams of create. If config.json asks for a terminal, "
        "`--console-socket` must name a socket: tare sends the file descriptor of the terminal to "
        "it.\n\n"
        "If a step fails, create undoes the steps before it and leaves nothing. The error names "
        "the property in config.json. `tare check` finds most problems before anything is created, "
        "and `tare plan` prints the steps.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = create_command,
    .variables = variables,
    .files = files,
    .examples = examples,
    .see_also = "tare-start(1) tare-run(1) tare-delete(1) tare-check(1) tare-plan(1)",
};

}  // namespace tare::runtime
