// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/exec.h"

#include <optional>
#include <utility>

#include "base/process.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

ExecRequest exec_request(const CommandContext& context) {
  const Values& options = context.options();
  const auto& arguments = context.invocation.arguments;
  ExecRequest request;
  request.id = context.id();
  request.process_file = options.text("process");
  request.args.assign(arguments.begin() + 1, arguments.end());
  request.terminal = options.has("tty");
  request.cwd = options.text("cwd");
  request.user = options.text("user");
  request.gids = options.all("additional-gids");
  request.env = options.all("env");
  request.caps = options.all("cap");
  request.no_new_privileges = options.has("no-new-privs");
  request.apparmor_profile = options.text("apparmor");
  request.selinux_label = options.text("process-label");
  request.cgroups = options.all("cgroup");
  request.console_socket = options.text("console-socket");
  request.pidfd_socket = options.text("pidfd-socket");
  request.pid_file = options.text("pid-file");
  request.preserve_fds = options.count("preserve-fds");
  request.ignore_paused = options.has("ignore-paused");
  request.detaches = options.has("detach");
  return request;
}

// `exec ID -t sh`: other programs accept options after the ID.
Error with_place_of_options(Error error, const std::vector<std::string>& words) {
  const bool is_option = words.size() > 1 && words[1].starts_with('-');
  if (!is_option || !error.hint.empty()) return error;
  return std::move(error).with_hint("options of exec must come before the ID");
}

Result<int> exec_command(const CommandContext& context) {
  ExecRequest request = exec_request(context);
  Attended attended = TRY(Attended::prepare(request.detaches));
  request.own_console = attended.console_end();

  const Store store = TRY(context.store());
  Result<Execution> begun = Execution::begin(store, std::move(request));
  if (!begun.ok()) return with_place_of_options(std::move(begun).error(), context.ids());
  std::optional<Execution> execution = std::move(begun).value();
  TRY(attended.take_terminal(execution->plan().terminal, "process"));
  const Attendee process =
      TRY(Attendee::of(execution->launch().pid(), execution->launch().pidfd()));
  TRY(execution->start());
  execution->keep();
  execution.reset();  // releases what an undo would need
  if (attended.detached()) return 0;
  return exit_status(TRY(attended.serve(process, context.log)));
}

using enum Option::Takes;

constexpr Option options[] = {
    {.name = "process",
     .letter = 'p',
     .takes = text,
     .value = "FILE",
     .help = "JSON file that describes the process (replaces COMMAND and its options)"},
    {.name = "tty", .letter = 't', .help = "allocate a terminal"},
    shared::detach,
    {.name = "cwd", .takes = text, .value = "DIR", .help = "working directory of the command"},
    {.name = "env",
     .letter = 'e',
     .takes = text,
     .value = "NAME=VALUE",
     .help = "set an environment variable",
     .repeatable = true},
    {.name = "user",
     .letter = 'u',
     .takes = text,
     .value = "UID[:GID]",
     .help = "numeric user and group ID"},
    {.name = "additional-gids",
     .letter = 'g',
     .takes = text,
     .value = "GID",
     .help = "add a supplementary group ID",
     .repeatable = true},
    {.name = "cap",
     .letter = 'c',
     .takes = text,
     .value = "CAP_NAME",
     .help = "add a capability",
     .repeatable = true},
    {.name = "no-new-privs", .help = "set no_new_privs"},
    {.name = "apparmor", .takes = text, .value = "PROFILE", .help = "AppArmor profile"},
    {.name = "process-label", .takes = text, .value = "LABEL", .help = "SELinux label"},
    {.name = "cgroup",
     .takes = text,
     .value = "[CTL,...:]PATH",
     .help = "run in this cgroup below the container's cgroup",
     .repeatable = true},
    {.name = "ignore-paused",
     .help = "run even if the container is paused (starts when it is resumed)"},
    shared::console_socket,
    shared::pidfd_socket,
    shared::pid_file,
    shared::preserve_fds,
};
constexpr Term statuses[] = {
    {"N", "The command exited with status N."},
    {"128+N", "Signal N ended the command."},
    {"255", "tare failed, for example because the command was not found."},
    {"1", "The command line of tare is wrong."},
};
constexpr Example examples[] = {
    {"Run a shell with a terminal:", "tare exec -t web sh"},
    {"Run a command as another user, in another directory:",
     "tare exec --user 1000:1000 --cwd /tmp web id"},
    {"Write to a program from a pipe (-i is not needed):", "echo hello | tare exec web cat"},
    {"Describe the whole process in a file:",
     "echo '{\"args\": [\"id\"], \"cwd\": \"/\"}' > process.json\n"
     "tare exec --process process.json web"},
};

}  // namespace

const Command exec_row = {
    .name = "exec",
    .arguments = "ID [COMMAND [ARGUMENT]...]",
    .summary = "run a command in a running container",
    .description =
        "Runs COMMAND in the namespaces and the cgroup of the container ID. The command gets the "
        "user, environment, capabilities, limits and seccomp filter that config.json gives to the "
        "container's process; options change them for this command. `--process` takes all of it "
        "from a file in the format of /process in config.json.\n\n"
        "Options of exec come before ID. Everything after ID belongs to the command.\n\n"
        "The command has the standard streams of exec. `--tty` allocates a terminal, and exec "
        "copies between it and its own standard input and output. With `--detach` exec returns "
        "when the command has started; a terminal then needs `--console-socket`.\n\n"
        "The container must be `created` or `running`. In a `paused` container nothing can run: "
        "with `--ignore-paused` the command starts when the container is resumed.",
    .options = options,
    .least = 1,
    .most = -1,
    .run = exec_command,
    .options_end_at_first_argument = true,
    .failure = 255,
    .statuses = statuses,
    .examples = examples,
    .see_also = "tare-run(1) tare-ps(1)",
};

}  // namespace tare::runtime
