// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/launch.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/faults.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/signals.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/stats/memory_events.h"
#include "runtime/do/context.h"
#include "runtime/do/hooks.h"
#include "runtime/do/mount_copy.h"
#include "runtime/do/trees.h"
#include "runtime/errors/cause.h"
#include "runtime/errors/failure.h"
#include "runtime/launch/handing.h"
#include "runtime/launch/host_steps.h"
#include "runtime/launch/performed.h"
#include "runtime/launch/reports.h"
#include "runtime/steps/action.h"
#include "runtime/store/host_mount.h"
#include "runtime/stub/image.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

void LaunchContext::set_note(std::string_view text) {
  const std::size_t length = std::min(text.size(), note.size() - 1);
  std::memcpy(note.data(), text.data(), length);
  note[length] = '\0';
}

namespace {

int step_count(const Plan& plan) {
  return static_cast<int>(plan.steps.size());
}
const Step& at(const Plan& plan, int step) {
  return plan.steps[static_cast<std::size_t>(step)];
}

// ---- stage and init -----------------------------------------------------------------------------

// How a child walks the plan. Nothing returns from here, because the frames above belong to the
// host.
class Child {
 public:
  Child(LaunchContext& context, Actor actor)
      : context_(context), actor_(actor), hearing_(context) {}

  // What failed before the first step is reported as its failure.
  [[noreturn]] void walk(const Call<void>& begun) {
    for (int i = 0; i < step_count(context_.plan); ++i) {
      if (at(context_.plan, i).actor != actor_) continue;
      if (!begun.ok()) fail(i, begun.error());
      const Call<void> waited = wait_for_host(at(context_.plan, i).after);
      if (!waited.ok()) fail(i, waited.error());
      do_step(i);
    }
    ::_exit(0);  // a stage that has cloned init, or only had to mount
  }

 private:
  void do_step(int i) {
    const Step& step = at(context_.plan, i);
    if (const int error = planned_fault(i)) fail(i, Fault{error, "planned fault"});
    if (context_.traced) {
      cpu_began_ = story::cpu_now();
      began_ = story::now();
    }
    const Call<std::int64_t> done = perform_one(step);
    if (!done.ok()) fail(i, done.error());
    const bool is_ready = std::holds_alternative<step::Ready>(step.action);  // without a stub
    const bool is_told = step.is_awaited || is_ready || *done != 0;
    if (is_told || context_.traced) report(i, Fault{0, ""}, *done);
  }

  Call<std::int64_t> perform_one(const Step& step) {
    return std::visit([&](const auto& action) { return act(action); }, step.action);
  }

  template <class Kind>
  Call<std::int64_t> act(const Kind& step) {
    if constexpr (Kind::actors.contains(Actor::stage) || Kind::actors.contains(Actor::init)) {
      static_assert(is_performed_by_child<Kind>, "a step of stage or init that nobody performs");
      TRY(perform(step, context_));
      return 0;
    } else {
      return not_ours;
    }
  }
  Call<std::int64_t> act(const step::CloneInit& action);
  static Call<std::int64_t> act(const step::Ready&) { return 0; }  // the report is all that it does
  Call<std::int64_t> act(const step::RunHook& hook) {
    oci::State state = context_.state;
    state.status = "creating";
    state.pid = ::getpid();
    const HookOutcome outcome = TRY(run_hook(hook, state));
    if (outcome.succeeded()) return 0;
    context_.set_note(failure_words(hook, outcome));
    return Fault{ECANCELED, "hook"};
  }

  void report(int step, Fault fault, std::int64_t value) {
    stub::Report report;
    report.step = step;
    report.error = fault.error;
    report.value = value;
    report.began = began_;
    if (context_.traced) {
      report.ended = story::now();
      report.cpu = story::cpu_now() - cpu_began_;
    }
    ::strncpy(report.call, fault.call, sizeof report.call - 1);
    std::memcpy(report.note, context_.note.data(), sizeof report.note);
    // If the host is gone, nobody reads the report.
    if (!send_report(context_.child_end.get(), report).ok()) ::_exit(1);
  }

  [[noreturn]] void fail(int step, Fault fault) {
    take_mounts_back(context_);
    context_.note_cause(fault.error);
    report(step, fault, 0);
    ::_exit(1);
  }

  Call<void> wait_for_host(int step) {
    while (step != no_step && at(context_.plan, step).actor == Actor::host && host_did_ < step) {
      const std::optional<stub::Report> report = TRY(hearing_.next());
      if (!report) ::_exit(1);
      host_did_ = std::max(host_did_, report->step);
    }
    return {};
  }

  LaunchContext& context_;
  Actor actor_;
  Hearing hearing_;
  int host_did_ = no_step;
  story::Nanoseconds cpu_began_ = 0;
  story::Nanoseconds began_ = 0;  // the current step, if the launch is traced
};

// If a stage has joined a pid namespace, init is visible there as soon as it is cloned. A process
// there with CAP_SYS_PTRACE can take init's open descriptors. So init keeps only what it needs. The
// store, its lock and the bundle stay with the host.
void close_others(const LaunchContext& context) {
  std::vector<int> kept{context.console_socket.get(), context.start.get(),
                        context.started.get(),        context.image.get(),
                        context.child_end.get(),      context.v2_cgroup()};
  for (const auto* list : {&context.namespaces, &context.trees, &context.cgroup_entries}) {
    for (const UniqueFd& fd : *list) kept.push_back(fd.get());
  }
  std::sort(kept.begin(), kept.end());
  int first = 3 + context.plan.preserved_descriptors;
  for (const int fd : kept) {
    if (fd < first) continue;
    if (fd > first) {
      (void)sys::close_range(static_cast<unsigned>(first), static_cast<unsigned>(fd - 1), 0);
    }
    first = fd + 1;
  }
  (void)sys::close_range(static_cast<unsigned>(first), ~0U, 0);
}

// An unprivileged user can map the ids of a dumpable process only. Before BecomeRoot, nothing in
// the container can see this process, except in a joined pid namespace. A process there cannot
// trace it: ptrace(2) requires a capability in the new user namespace, which nobody there has.
Call<void> protect_child(const LaunchContext& context) {
  TRY(sys::set_parent_death_signal(SIGKILL));
  TRY(reset_signals());
  return sys::set_dumpable(context.plan.mapped_by_user);
}

[[noreturn]] void begin_child(LaunchContext& context, Actor actor) {
  // Only the host may hold its end of the channel. Otherwise the child could not see that the host
  // died.
  context.host_end.reset();
  story::tell_to(nullptr);
  if (actor == Actor::stage) close_others(context);
  const Call<void> begun = protect_child(context);
  ::umask(0);
  Child(context, actor).walk(begun);
}

Call<pid_t> clone_init(const step::CloneInit& step, LaunchContext& context, std::uint64_t flags,
                       int* pidfd) {
  clone_args arguments{};
  arguments.flags = step.namespaces | flags;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
  // With CLONE_PARENT the child has the exit signal of the stage.
  arguments.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  const int cgroup = context.v2_cgroup();
  if (step.into_cgroup && cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  const pid_t pid = TRY(sys::clone3(arguments));
  if (pid == 0) begin_child(context, Actor::init);
  return pid;
}

Call<std::int64_t> Child::act(const step::CloneInit& action) {
  // Init becomes a child of the host, not of the stage. The host waits for both.
  return std::int64_t{TRY(clone_init(action, context_, CLONE_PARENT, nullptr))};
}

// ---- host ---------------------------------------------------------------------------------------

// True if the container's user namespace differs from tare's.
bool changes_user(const Action& action) {
  std::uint64_t namespaces = 0;
  if (const auto* stage = std::get_if<step::CloneStage>(&action)) namespaces = stage->namespaces;
  if (const auto* init = std::get_if<step::CloneInit>(&action)) namespaces = init->namespaces;
  if (const auto* all = std::get_if<step::JoinContainer>(&action)) namespaces = all->namespaces;
  const auto* one = std::get_if<step::JoinNamespace>(&action);
  return (namespaces & CLONE_NEWUSER) != 0 ||
         (one != nullptr && one->type == oci::NamespaceType::user);
}

}  // namespace

class HostWalk {
 public:
  explicit HostWalk(LaunchContext& context)
      : context_(context),
        reports_(context.plan, context.traced),
        forks_at_(last_step<step::ForkIntoNamespaces>(context.plan)) {}

  HostWalk(const HostWalk&) = delete;
  HostWalk& operator=(const HostWalk&) = delete;
  ~HostWalk() { end_child(stage_, stage_pidfd_); }

  // The host's steps. Init may not have finished its own.
  Result<void> walk() {
    Result<void> walked = walk_steps();
    if (!walked.ok()) (void)come_back(context_);  // the first error says more
    return walked;
  }

  Result<void> await_ready() { return wait_for(last_step<step::Ready>(context_.plan)); }

  [[nodiscard]] bool knows_init() const { return forks_at_ == no_step; }

 private:
  Result<void> walk_steps() {
    for (int i = 0; i < step_count(context_.plan); ++i) {
      const Step& step = at(context_.plan, i);
      if (step.actor != Actor::host) continue;
      TRY(wait_for(step.after));
      if (const int error = planned_fault(i)) {
        return step_failure(step, Error(Fault{error, "planned fault"}));
      }
      const story::Step told([&] { return told_as(step); });
      Result<void> done = perform_one(step);
      if (!done.ok()) {
        TRY(take_waiting());
        return step_failure(step, std::move(done).error());
      }
      if (step.is_awaited) TRY(tell(i));
    }
    return {};
  }

  Result<void> perform_one(const Step& step) {
    if (const auto* stage = std::get_if<step::CloneStage>(&step.action)) return act(*stage);
    if (const auto* init = std::get_if<step::CloneInit>(&step.action)) return act(*init);
    return perform_host_step(step.action, context_);
  }
  Result<void> act(const step::CloneStage&);
  Result<void> act(const step::CloneInit&);

  Result<void> tell(int step) {
    stub::Report report;
    report.step = step;
    const Call<void> told = tell_init(context_, report);
    if (told.ok()) return {};
    const int error = told.error().error;
    if (error == EPIPE || error == ECONNRESET) return death();
    return Error(told.error(), "send a message to init");
  }

  // The child of a fork may report that it is ready before its parent reports the fork.
  [[nodiscard]] bool is_done(int step) const {
    return child_did_ >= step && (forks_at_ == no_step || step < forks_at_);
  }

  Result<void> wait_for(int step) {
    if (step == no_step || at(context_.plan, step).actor == Actor::host || is_done(step)) return {};
    const story::Step told([] { return std::string("wait for init"); });
    while (!is_done(step)) {
      if (!TRY(take_next())) return death();
    }
    return {};
  }

  // Returns false if the awaited child has ended.
  Result<bool> take_next() {
    const UniqueFd& child = context_.init > 0 ? context_.init_pidfd : stage_pidfd_;
    const auto received = TRY(reports_.receive(context_.host_end.get(), child.get()));
    if (received) TRY(take(*received));
    return received.has_value();
  }

  [[nodiscard]] std::vector<cgroups::Directory> cgroup() const {
    return context_.cgroup ? context_.cgroup->directories() : std::vector<cgroups::Directory>();
  }

  [[nodiscard]] Circumstances circumstances() const {
    return {cgroup(), std::ranges::any_of(context_.plan.steps, [](const Step& step) {
              return changes_user(step.action);
            })};
  }

  Result<void> take(const Received& received) {
    const stub::Report& report = received.report;
    const Step& step = at(context_.plan, report.step);
    if (context_.traced) story::tell(event_of(step, report));
    if (report.error != 0) return report_failure(step, report, circumstances());
    child_did_ = std::max(child_did_, report.step);
    if (std::holds_alternative<step::CloneInit>(step.action)) {
      TRY(adopt(report.value, stage_));
      end_child(stage_, stage_pidfd_);
    }
    if (std::holds_alternative<step::ForkIntoNamespaces>(step.action)) {
      TRY(adopt_forked(report.value));
    }
    if (std::holds_alternative<step::Ready>(step.action)) TRY(adopt_forked(received.sender));
    if (std::holds_alternative<step::LoadSeccomp>(step.action)) {
      context_.listener_number = static_cast<int>(report.value);
    }
    return {};
  }

  // Both tell of the fork, the parent and, from itself, the child. Either can come first.
  Result<void> adopt_forked(std::int64_t claimed) {
    if (forks_at_ == no_step) return {};
    pid_t parent = context_.init;
    UniqueFd parent_pidfd = std::move(context_.init_pidfd);
    TRY(adopt(claimed, parent));
    end_child(parent, parent_pidfd);
    forks_at_ = no_step;
    return {};
  }

  // Init may be visible in the container by now. A process there can make it report any pid, so the
  // pid is only a claim.
  Result<void> adopt(std::int64_t claimed, pid_t parent) {
    const auto pid = static_cast<pid_t>(claimed);
    Call<UniqueFd> child = pid == parent ? Fault{ECHILD, "waitid"} : child_of_ours(pid);
    if (!child.ok()) {
      return Error(child.error(), "init names process " + std::to_string(pid) + " as its own");
    }
    context_.init = pid;
    context_.init_pidfd = std::move(child).value();
    context_.may_have_forked = false;
    return {};
  }

  // Ends a child that has finished its work. It exits by itself, unless a process in the container
  // stops it.
  static void end_child(pid_t& pid, UniqueFd& pidfd) {
    if (pidfd) (void)sys::pidfd_send_signal(pidfd.get(), SIGKILL);
    if (pid > 0) reap(pid);
    pid = 0;
    pidfd.reset();
  }

  // A step of the host fails if init is dead. Then the reason why init died is the error to report.
  Result<void> take_waiting() {
    pollfd channel{context_.host_end.get(), POLLIN, 0};
    while (context_.init > 0 && ::poll(&channel, 1, 0) > 0) {
      if (!TRY(take_next())) break;
    }
    return {};
  }

  // The children have ended, or their channel was closed. Their last reports say more than their
  // exit status.
  Error death() {
    for (;;) {
      const Result<bool> taken = take_next();
      if (!taken.ok()) return taken.error();
      if (!*taken) break;
    }
    const bool is_init = context_.init > 0;
    const pid_t pid = is_init ? context_.init : stage_;
    const UniqueFd& pidfd = is_init ? context_.init_pidfd : stage_pidfd_;
    pollfd ended{pidfd.get(), POLLIN, 0};
    if (::poll(&ended, 1, end_timeout_ms) == 0) (void)sys::pidfd_send_signal(pidfd.get(), SIGKILL);
    const int status = reap(pid);
    (is_init ? context_.init : stage_) = 0;
    return death_words(context_.plan, child_did_, status, cgroups::oom_report(cgroup()));
  }

  static constexpr int end_timeout_ms = 1000;

  LaunchContext& context_;
  Reports reports_;
  int child_did_ = no_step;
  pid_t stage_ = 0;
  UniqueFd stage_pidfd_;
  int forks_at_ = no_step;  // a fork that was not reported yet
};

namespace {

constexpr const char* undumpable = "make tare undumpable";

Result<void> make_undumpable() {
  return sys::set_dumpable(false).because(undumpable);
}

}  // namespace

Result<void> HostWalk::act(const step::CloneStage& action) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = action.namespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  Call<pid_t> stage = sys::clone3(arguments);
  if (!stage.ok()) {
    return Error(stage.error())
        .with_hint(cause_of_clone(stage.error().error, action.namespaces, cgroup()));
  }
  stage_ = *stage;
  if (stage_ == 0) begin_child(context_, Actor::stage);
  stage_pidfd_ = UniqueFd(pidfd);
  context_.may_have_forked = true;
  context_.child_end.reset();
  // After any error, the host must still learn the pid of init, because it has to kill it.
  Result<void> first = make_undumpable();
  while (context_.init == 0) {
    Result<bool> taken = take_next();
    if (taken.ok() && !*taken) break;
    if (!taken.ok() && first.ok()) first = std::move(taken).error();
  }
  if (!first.ok() || context_.init != 0) return first;
  return death();
}

Result<void> HostWalk::act(const step::CloneInit& action) {
  int pidfd = -1;
  Call<pid_t> pid = clone_init(action, context_, CLONE_PIDFD, &pidfd);
  if (!pid.ok()) {
    return Error(pid.error())
        .with_hint(cause_of_clone(pid.error().error, action.namespaces, cgroup()));
  }
  context_.init = *pid;
  context_.init_pidfd = UniqueFd(pidfd);
  context_.may_have_forked = forks_at_ != no_step;
  context_.child_end.reset();
  return make_undumpable();
}

namespace {

Result<void> open_channel(LaunchContext& context) {
  const char* const why = "open the channel to init";
  SocketPair channel = TRY(make_socket_pair(SOCK_SEQPACKET).because(why));
  if (last_step<step::ForkIntoNamespaces>(context.plan) != no_step) {
    TRY(name_senders(channel.ours.get()).because(why));
  }
  context.host_end = std::move(channel.ours);
  context.child_end = std::move(channel.theirs);
  return {};
}

}  // namespace

Launch::Launch(std::unique_ptr<LaunchContext> context)
    : context_(std::move(context)), walk_(std::make_unique<HostWalk>(*context_)) {}
Launch::Launch(Launch&& other) noexcept = default;

namespace {

// Reaps a process that the stage or the joiner cloned but did not report. It ends when the channel
// is closed.
void reap_untold_child() {
  constexpr int attempts = 100;
  constexpr timespec pause{0, 10'000'000};
  for (int i = 0; i < attempts; ++i) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) != 0) return;  // ECHILD
    if (info.si_pid == 0) ::nanosleep(&pause, nullptr);
  }
}

}  // namespace

Launch::~Launch() {
  if (!context_) return;
  walk_.reset();
  if (!kept_ && context_->init > 0) {
    (void)sys::pidfd_send_signal(context_->init_pidfd.get(), SIGKILL);
    reap(context_->init);
  }
  if (!kept_ && context_->may_have_forked) {
    context_->host_end.reset();
    reap_untold_child();
  }
  // If the unmount fails, `delete` finds the mount by its id.
  if (!kept_ && context_->host_mount != 0) {
    (void)unmount_numbered(context_->state.rootfs, context_->host_mount);
  }
}

Result<Launch> Launch::run(const Plan& plan, oci::State state, LaunchOptions options) {
  Launch launch = TRY(begin(plan, std::move(state), std::move(options)));
  TRY(launch.await_ready());
  return launch;
}

Result<Launch> Launch::begin(const Plan& plan, oci::State state, LaunchOptions options) {
  auto context = std::make_unique<LaunchContext>(plan);
  context->state = std::move(state);
  context->console_socket = std::move(options.console_socket);
  context->start = std::move(options.start);
  context->started = std::move(options.started);
  context->container = std::move(options.container);
  context->streams = options.streams;
  if (options.host_root) {
    context->host_mount = TRY(mount_number(options.host_root.get()));
    context->trees[static_cast<std::size_t>(plan.host_root)] = std::move(options.host_root);
  }
  context->traced = story::is_told();
  context->image = TRY(make_image(plan.stub_is_readable).because("make the stub's memory file"));
  TRY(open_channel(*context));
  // This comes before any process of the container can see tare (CVE-2016-9962). Init inherits it.
  TRY(sys::set_dumpable(plan.mapped_by_user).because(undumpable));
  Launch launch(std::move(context));
  TRY(launch.walk_->walk());
  launch.context_->image.reset();
  launch.context_->start.reset();
  launch.context_->started.reset();
  launch.context_->console_socket.reset();
  return launch;
}

Result<void> Launch::await_ready() {
  return walk_->await_ready();
}

bool Launch::knows_pid() const {
  return walk_->knows_init();
}
pid_t Launch::pid() const {
  return context_->init;
}
int Launch::pidfd() const {
  return context_->init_pidfd.get();
}

std::vector<cgroups::Directory> Launch::cgroup() const {
  return context_->cgroup ? context_->cgroup->directories() : std::vector<cgroups::Directory>();
}

std::optional<oci::RecordedResctrl> Launch::resctrl() const {
  if (!context_->resctrl) return std::nullopt;
  return context_->resctrl->made();
}

Result<void> Launch::commit() {
  if (std::exchange(is_committed_, true)) return {};
  const Call<void> sent = send_report(context_->host_end.get(), stub::Report{});
  if (sent.ok()) return {};
  TRY(await_ready());  // its error says why
  return Error(sent.error(), "init died before it was started");
}

Result<void> Launch::await_execution() {
  TRY(await_ready());
  const story::Step told([] { return std::string("wait until the program is executed"); });
  const auto& args = context_->plan.args;
  const AwaitedInit init{context_->init, context_->init_pidfd.get(),
                         last_step<step::ForkIntoNamespaces>(context_->plan)};
  return await_execution_on(context_->host_end.get(), init, args.empty() ? "" : args.front());
}

void Launch::keep() {
  kept_ = true;
  if (context_->cgroup) context_->cgroup->keep();
  if (context_->scope) context_->scope->keep();
  if (context_->resctrl) context_->resctrl->keep();
}

}  // namespace tare::runtime
