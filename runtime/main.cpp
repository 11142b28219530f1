// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "base/memory.h"
#include "base/story.h"
#include "base/text.h"
#include "oci/version.h"
#include "runtime/command_line/globals.h"
#include "runtime/command_line/table.h"
#include "runtime/command_line/version.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/help.h"
#include "runtime/commands/pinns.h"
#include "runtime/commands/timeline.h"
#include "runtime/criu/service.h"
#include "runtime/foreground/inherited.h"
#include "runtime/lifecycle/caller.h"

namespace {

using namespace tare;
using namespace tare::runtime;

std::string version_text() {
  return std::string("tare version ") + version + "\ncommit: " + commit +
         "\nspec: " + oci::newest_spec_version + "\n";
}

// Engines take the exit status of `checkpoint --help` for whether checkpoints can be made.
Result<void> check_help(const Invocation& invocation) {
  const std::string_view name = invocation.command->name;
  if (name != "checkpoint" && name != "restore") return {};
  return check_criu(invocation.globals.text("criu"));
}

std::string help_of(const Invocation& invocation) {
  if (invocation.command != nullptr) return help_text(*invocation.command);
  return invocation.group.empty() ? help_text() : help_text(invocation.group);
}

// Who is told of the steps: the log, the trace, or both.
struct Audience {
  const Log& log;
  Timeline& timeline;
};

void tell_audience(const void* self, const story::Event& event) {
  const auto& audience = *static_cast<const Audience*>(self);
  if (audience.log.wants(LogLevel::debug)) audience.log.debug(story::line_of(event));
  if (audience.timeline.is_wanted()) audience.timeline.hear(event);
}

Result<int> run_told(const CommandContext& context) {
  const Command& command = *context.invocation.command;
  const story::Step told([&] { return std::string("tare ") + command.name; });
  return command.run(context);
}

Result<int> run(const Invocation& invocation, char* const argv[], Log& log) {
  if (invocation.version) {
    TRY(print_out(version_text()));
    return 0;
  }
  if (invocation.help) {
    TRY(print_out(help_of(invocation)));
    if (invocation.command != nullptr) TRY(check_help(invocation));
    return 0;
  }
  if (find_option(invocation.command->options, "preserve-fds")) {
    TRY(check_passed_on(invocation.options.count("preserve-fds"), listen_descriptors()));
  }
  LogOptions log_to = log_options(invocation.globals, *invocation.command);
  log_to.errors = error_style(invocation.globals, invocation.command);
  log = TRY(Log::open(log_to));
  Timeline timeline = TRY(Timeline::open(invocation.globals.text("trace")));
  const Audience audience{log, timeline};
  const story::Listener listener{tell_audience, &audience};
  if (log.wants(LogLevel::debug) || timeline.is_wanted()) story::tell_to(&listener);
  const CommandContext context{invocation, log, argv};
  Result<int> status = run_told(context);
  story::tell_to(nullptr);
  if (!status.ok() && !context.ids().empty()) remember(context, context.id(), status.error());
  const Result<void> traced = timeline.write();
  if (!traced.ok()) log.warning(traced.error().message());
  return status;
}

}  // namespace

int main(int argc, char* argv[]) {
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not our end
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a caller, it would take our children's end from us
  end_without_memory();
  ::umask(022);  // what is made for the host does not depend on the caller's
  Log log;
  const Result<void> stdio = open_missing_stdio();
  if (!stdio.ok()) {
    log.error(stdio.error());
    return 1;
  }
  if (is_pinns(argc, argv)) return run_pinns(argc, argv, log);
  if (argc == 1) {  // the usage is what helps, but nothing was done
    (void)write_all(STDERR_FILENO, help_text());
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
