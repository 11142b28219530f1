// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/inside_hooks.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/process.h"
#include "base/system.h"
#include "runtime/do/image.h"
#include "runtime/do/joined.h"
#include "runtime/do/launch_context.h"
#include "runtime/do/messages.h"
#include "runtime/do/perform.h"
#include "runtime/do/user_namespace.h"
#include "runtime/plan/capabilities.h"

namespace tare::runtime {

namespace {

struct Channel {
  UniqueFd ours;
  UniqueFd theirs;
};

Call<Channel> make_channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fault::last("socketpair");
  }
  return Channel{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// The child: joins, and becomes the stub while nobody in the container can see it yet.
[[noreturn]] void join_and_become_stub(LaunchContext& context, int init_pidfd, int namespaces,
                                       const HookStreams& streams) {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto join = [&]() -> Call<void> {
    TRY(streams.take_place());
    if (namespaces != 0) TRY(sys::setns(init_pidfd, namespaces));
    return perform(step::EnterStub{}, context);
  };
  const Call<void> failed = join();
  stub::Report report;
  report.error = failed.error().error;
  (void)send_report(context.child_end.get(), report);  // without a parent nobody is to be told
  ::_exit(1);
}

Call<pid_t> clone_joiner(LaunchContext& context, int init_pidfd, int namespaces,
                         const HookStreams& streams) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = TRY(sys::clone3(arguments));
  if (pid == 0) join_and_become_stub(context, init_pidfd, namespaces, streams);
  context.child_end.reset();
  return pid;
}

// The hook's own process, once the joiner has told its pid; then the result of execve(2): the end
// of the channel, or an errno.
Call<SpawnedHook> await_hook(int channel) {
  SpawnedHook hook;
  for (;;) {
    const std::optional<stub::Report> report = TRY(receive_report(channel));
    if (!report) return hook.pid > 0 ? Call<SpawnedHook>(std::move(hook)) : Fault{ECHILD, "clone3"};
    if (report->error != 0) {
      if (hook.pid > 0) reap(hook.pid);
      return Fault{report->error, "execve"};
    }
    if (report->value > 0) {
      hook.pid = static_cast<pid_t>(report->value);
      hook.pidfd = TRY(sys::pidfd_open(hook.pid));
    }
  }
}

}  // namespace

Call<HookOutcome> run_hook_inside(const step::RunHook& hook, const oci::State& state,
                                  const oci::Record& record, int init_pidfd) {
  Host host;
  host.capabilities = own_capabilities();
  host.groups_are_denied = groups_are_denied(static_cast<pid_t>(record.pid));
  const Result<Plan> plan = make_hook_plan(config_of(record), host, hook);
  if (!plan.ok()) return Fault{EINVAL, "plan"};
  const auto namespaces = static_cast<int>(namespaces_to_join(record));
  return run_hook(hook, state, [&](const HookStreams& streams) -> Call<SpawnedHook> {
    LaunchContext context(*plan);
    context.image = TRY(make_image(plan->stub_is_readable));
    Channel channel = TRY(make_channel());
    context.child_end = std::move(channel.theirs);
    const pid_t joiner = TRY(clone_joiner(context, init_pidfd, namespaces, streams));
    Call<SpawnedHook> spawned = await_hook(channel.ours.get());
    reap(joiner);
    return spawned;
  });
}

}  // namespace tare::runtime
