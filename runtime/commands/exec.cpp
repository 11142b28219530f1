// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "base/process.h"
#include "runtime/caller.h"
#include "runtime/commands/commands.h"
#include "runtime/do/messages.h"
#include "runtime/exec.h"
#include "runtime/foreground.h"

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

}  // namespace

Result<int> exec_command(const CommandContext& context) {
  ExecRequest request = exec_request(context);
  const bool detaches = request.detaches;
  // The signals are held back before the process exists; it begins with none held.
  std::optional<Foreground> foreground;
  if (!detaches) foreground = TRY(Foreground::prepare());
  ConsolePair console = TRY(make_console_pair());
  if (!detaches) request.own_console = std::move(console.theirs);

  const Store store = TRY(context.store());
  Execution execution = TRY(Execution::begin(store, std::move(request)));
  UniqueFd terminal;
  if (!detaches && execution.plan().terminal) {
    terminal =
        TRY(receive_descriptor(console.ours.get()).because("receive the process's terminal"));
  }
  TRY(execution.start());
  execution.keep();
  if (detaches) return 0;
  Launch& launch = execution.launch();
  return exit_status(TRY(foreground->serve(launch.pid(), launch.pidfd(), std::move(terminal))));
}

}  // namespace tare::runtime
