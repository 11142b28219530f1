// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/start.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/process.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/freezer.h"
#include "runtime/do/hooks.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/reports.h"
#include "runtime/lifecycle/destroy.h"
#include "runtime/lifecycle/joining.h"
#include "runtime/plan/hooks.h"
#include "runtime/stub/image.h"

namespace tare::runtime {

namespace {

Error hook_error(const step::RunHook& hook, const char* kind, std::size_t index,
                 const std::string& why) {
  return Error::config(std::string("/hooks/") + kind + "/" + std::to_string(index),
                       describe(hook) + ": " + why);
}

Result<void> judge(const step::RunHook& hook, const char* kind, std::size_t index,
                   const Call<HookOutcome>& outcome) {
  if (!outcome.ok()) {
    return hook_error(hook, kind, index, errno_words(outcome.error().error));
  }
  if (!outcome->succeeded()) return hook_error(hook, kind, index, failure_words(hook, *outcome));
  return {};
}

// The pid of the process in its own pid namespace: the last of NSpid in proc(5) status.
int pid_inside(int pid) {
  const Call<std::string> status = read_proc(pid, "status");
  if (!status.ok()) return pid;
  return parse_number<int>(split(status_field(*status, "NSpid"), '\t').back()).value_or(pid);
}

}  // namespace

namespace {

// The hook's file belongs to the container, so the hook is as confined as the container's process:
// in its namespaces and cgroup and under its filter, as with `exec`.
Result<Plan> plan_hook(const Container& container, const step::RunHook& hook) {
  Joiner joiner;
  joiner.is_hook = true;
  joiner.process = container.record.config.process.value_or(oci::Process());
  joiner.process.terminal = false;
  joiner.process.cwd = "/";
  joiner.process.args = hook.args;
  if (!hook.inherits_env) joiner.process.env = hook.env;
  return plan_joiner(container, std::move(joiner));
}

Call<HookOutcome> follow_inside(const step::RunHook& hook, Launch launch, HookStreams streams) {
  launch.keep();
  return streams.follow(hook, launch.pid(), launch.pidfd());
}

Result<Launch> launch_inside(const Container& container, const Plan& plan,
                             const HookStreams& streams) {
  LaunchOptions options;
  options.container = TRY(container.open_init());
  options.streams = streams.descriptors();
  Launch launch = TRY(Launch::run(plan, container.state(Status::created), std::move(options)));
  TRY(launch.commit());
  TRY(launch.await_execution());
  return launch;
}

Result<void> run_inside(const Container& container, const step::RunHook& hook, const char* kind,
                        std::size_t index) {
  oci::State state = container.state(Status::created);
  state.pid = pid_inside(state.pid);
  const Plan plan = TRY(plan_hook(container, hook));
  Call<HookStreams> streams = HookStreams::make(hook, state);
  if (!streams.ok()) return hook_error(hook, kind, index, errno_words(streams.error().error));
  Result<Launch> launch = launch_inside(container, plan, *streams);
  if (!launch.ok()) return hook_error(hook, kind, index, launch.error().what);
  return judge(hook, kind, index,
               follow_inside(hook, std::move(launch).value(), std::move(streams).value()));
}

}  // namespace

Result<void> run_start_container_hooks(const Container& container) {
  if (!container.record.config.hooks) return {};
  const auto& hooks = container.record.config.hooks->startContainer;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const step::RunHook hook =
        hook_step("startContainer", hooks[i], container.record.config.annotations);
    TRY(run_inside(container, hook, "startContainer", i));
  }
  return {};
}

Result<void> run_poststart_hooks(const Container& container) {
  if (!container.record.config.hooks) return {};
  const auto& hooks = container.record.config.hooks->poststart;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const step::RunHook hook =
        hook_step("poststart", hooks[i], container.record.config.annotations);
    const oci::State state = container.state(Status::running);
    TRY(judge(hook, "poststart", i, run_hook(hook, state)));
  }
  return {};
}

namespace {

constexpr int soon_ms = 1000;
constexpr int execution_timeout_ms = 120 * 1000;
constexpr int look_again_ms = 100;

// Closed by execve(2), or when init exits; then everything written to it can be read.
bool is_closed_within(int fifo, int timeout_ms) {
  pollfd closed{fifo, 0, 0};  // POLLHUP is always reported
  int count = 0;
  do {
    count = ::poll(&closed, 1, timeout_ms);
  } while (count < 0 && errno == EINTR);
  return count > 0;
}

// Takes back the byte that a frozen init has not read yet: init still waits for `start`.
bool take_start_back(int directory) {
  const Call<UniqueFd> start = open_at(directory, "start", O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  char byte = 0;
  return start.ok() && ::read(start->get(), &byte, 1) == 1;
}

// Nobody waits for a frozen init: who would resume it may need the lock that `start` holds.
Result<void> check_not_frozen(const Container& container) {
  const Result<bool> frozen = cgroups::is_frozen(container.cgroup());
  if (!frozen.ok() || !*frozen) return {};
  if (take_start_back(container.entry.directory())) {
    return Error(Error::Kind::refused, "cannot start a paused container: resume it first");
  }
  return Error(Error::Kind::refused,
               "the container was paused while it was started: it starts when it is resumed");
}

// Checks for a frozen init only if it is late, so that a normal start does not pay for it. A
// process in the container may hold the fifo open; then tare sees that init has become another
// program.
Result<void> await_closing(const Container& container, int started, const std::string& name) {
  if (is_closed_within(started, soon_ms)) return {};
  const auto pid = static_cast<pid_t>(container.record.pid);
  for (int waited_ms = soon_ms; waited_ms < execution_timeout_ms; waited_ms += look_again_ms) {
    TRY(check_not_frozen(container));
    if (is_closed_within(started, look_again_ms) || !is_stub(pid)) return {};
  }
  return Error(Fault{ETIMEDOUT, "poll"}, "wait until init executes " + quote(name));
}

// Releases init through the fifos of the store and waits until its program runs. The descriptor for
// the result is opened before init can write to it.
Result<void> let_go(const Container& container, int init_pidfd) {
  const int directory = container.entry.directory();
  const std::string name =
      container.record.config.process ? container.record.config.process->args.front() : "";
  const UniqueFd started = TRY(open_at(directory, "started", O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
                                   .because("open fifo started"));
  Call<UniqueFd> start = open_at(directory, "start", O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!start.ok() && start.error().error == ENXIO) {
    return Error(Error::Kind::not_running, "container init died before it was started");
  }
  if (!start.ok()) return Error(start.error(), "open fifo start");
  const story::Step told([&] { return "start init and wait until it executes " + quote(name); });
  TRY(write_all(start->get(), "s").because("start init"));
  TRY(await_closing(container, started.get(), name));
  return await_execution_on(started.get(), {static_cast<pid_t>(container.record.pid), init_pidfd},
                            name);
}

void stop(int init_pidfd) {
  if (!sys::pidfd_send_signal(init_pidfd, SIGKILL).ok()) return;  // already gone
  pollfd ended{init_pidfd, POLLIN, 0};
  ::poll(&ended, 1, 10 * 1000);
}

}  // namespace

Result<void> start(const Store& store, const Container& container, const Log& log) {
  const UniqueFd init = TRY(container.open_init());
  const auto destroyed = [&](Result<void> hooks) {
    const Result<void> removed = destroy_container(store, container, log);
    // The hook's failure is the error; leftovers are reported with it.
    if (!removed.ok()) log.warning(removed.error().message());
    return hooks;
  };
  Result<void> hooks = run_start_container_hooks(container);
  if (!hooks.ok()) return destroyed(std::move(hooks));
  Result<void> running = let_go(container, init.get());
  if (!running.ok() && running.error().kind == Error::Kind::refused) return running;
  // Started or dead, init does not wait again.
  ::unlinkat(container.entry.directory(), "start", 0);
  if (!running.ok()) {
    container.entry.never_started();
    stop(init.get());  // init is ending anyway; `state` must not show it alive after this
    return running;
  }
  Result<void> after = run_poststart_hooks(container);
  if (!after.ok()) return destroyed(std::move(after));
  return {};
}

}  // namespace tare::runtime
