// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/stat.h>

#include <string>

#include "base/file.h"
#include "base/story.h"
#include "base/text.h"
#include "oci/version.h"
#include "runtime/caller.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/globals.h"
#include "runtime/commands/table.h"
#include "runtime/criu/service.h"
#include "runtime/inherited.h"
#include "runtime/version.h"

namespace {

using namespace tare;
using namespace tare::runtime;

struct Handler {
  const char* name;
  Result<int> (*run)(const CommandContext&);
};

constexpr Handler handlers[] = {
    {"create", create_command},
    {"run", run_command},
    {"start", start_command},
    {"exec", exec_command},
    {"state", state_command},
    {"kill", kill_command},
    {"delete", delete_command},
    {"pause", pause_command},
    {"resume", resume_command},
    {"update", update_command},
    {"ps", ps_command},
    {"list", list_command},
    {"wait", wait_command},
    {"events", events_command},
    {"spec", spec_command},
    {"features", features_command},
    {"plan", plan_command},
    {"completion", completion_command},
    {"checkpoint", checkpoint_command},
    {"restore", restore_command},
    {"mounts", mounts_command},
    {"gc", gc_command},
    {"check", check_command},
    {"info", info_command},
    {"man", man_command},
};

std::string version_text() {
  return std::string("tare version ") + version + "\ncommit: " + commit +
         "\nspec: " + oci::newest_spec_version + "\n";
}

Result<int> dispatch(const Invocation& invocation, const Log& log, char* const argv[]) {
  const std::string_view name = invocation.command->name;
  for (const Handler& handler : handlers) {
    if (name == handler.name) return handler.run(CommandContext{invocation, log, argv});
  }
  return Error(Error::Kind::usage, "command " + quote(name) + " is not carried out");
}

// Engines take the exit status of `checkpoint --help` for whether checkpoints can be made.
Result<void> check_help(const Invocation& invocation) {
  const std::string_view name = invocation.command->name;
  if (name != "checkpoint" && name != "restore") return {};
  return check_criu(invocation.globals.text("criu"));
}

void tell_log(const void* log, std::string_view words) {
  static_cast<const Log*>(log)->debug(words);
}

Result<int> run(const Invocation& invocation, char* const argv[], Log& log) {
  if (invocation.version) {
    TRY(print_out(version_text()));
    return 0;
  }
  if (invocation.help) {
    TRY(print_out(invocation.command ? help_text(*invocation.command) : help_text()));
    if (invocation.command != nullptr) TRY(check_help(invocation));
    return 0;
  }
  if (find_option(invocation.command->options, "preserve-fds")) {
    TRY(check_passed_on(invocation.options.count("preserve-fds"), listen_descriptors()));
  }
  LogOptions log_to = log_options(invocation.globals, *invocation.command);
  log_to.errors = error_style(invocation.globals, invocation.command);
  log = TRY(Log::open(log_to));
  const story::Listener listener{tell_log, &log};
  if (log.wants(LogLevel::debug)) story::tell_to(&listener);
  const story::Step told([&] { return std::string("end of ") + invocation.command->name; });
  return dispatch(invocation, log, argv);
}

}  // namespace

int main(int argc, char* argv[]) {
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not our end
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a caller, it would take our children's end from us
  ::umask(022);                // what is made for the host does not depend on the caller's
  Log log;
  const Result<void> stdio = open_missing_stdio();
  if (!stdio.ok()) {
    log.error(stdio.error());
    return 1;
  }
  Values globals(global_options());
  Result<Invocation> invocation = parse_command_line(argc, argv, &globals);
  log = Log(error_style(globals, invocation.ok() ? invocation->command : nullptr));
  if (!invocation.ok()) {
    log.error(invocation.error());
    return 1;
  }
  const Result<int> status = run(*invocation, argv, log);
  if (status.ok()) return *status;
  log.error(status.error());
  return invocation->command != nullptr ? invocation->command->failure : 1;
}
