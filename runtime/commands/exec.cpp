// SPDX-License-Identifier: Apache-2.0
#include "runtime/exec.h"

#include <optional>
#include <utility>

#include "base/process.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"

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
  Attended attended = TRY(Attended::prepare(request.detaches));
  request.own_console = attended.console_end();

  const Store store = TRY(context.store());
  std::optional<Execution> execution = TRY(Execution::begin(store, std::move(request)));
  TRY(attended.take_terminal(execution->plan().terminal, "process"));
  const Attendee process =
      TRY(Attendee::of(execution->launch().pid(), execution->launch().pidfd()));
  TRY(execution->start());
  execution->keep();
  execution.reset();  // what is held for an undoing
  if (attended.detached()) return 0;
  return exit_status(TRY(attended.serve(process, context.log)));
}

}  // namespace tare::runtime
