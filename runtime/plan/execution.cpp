// SPDX-License-Identifier: Apache-2.0
//
// The stub's steps before execve(2), and their order.
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "oci/annotations.h"
#include "runtime/plan/capabilities.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/labels.h"
#include "runtime/plan/rlimits.h"
#include "runtime/plan/seccomp/filter.h"
#include "runtime/plan/seccomp/raw.h"

namespace tare::runtime {

namespace {

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// execvp(3)'s search, with the PATH of the container's process.
std::vector<std::string> program_candidates(const std::vector<std::string>& env,
                                            const std::string& name) {
  if (name.find('/') != std::string::npos) return {name};
  std::string_view path = default_path;
  for (const auto& entry : env) {
    if (entry.starts_with("PATH=")) path = std::string_view(entry).substr(5);
  }
  std::vector<std::string> candidates;
  for (const std::string_view directory : split(path, ':')) {
    candidates.push_back((directory.empty() ? "." : std::string(directory)) + "/" + name);
  }
  return candidates;
}

}  // namespace

namespace {

struct Sets {
  std::uint64_t bounding = 0;
  step::SetCapabilities final;
  std::uint64_t held = 0;  // all capabilities that the process may hold until the end
};

// The specification requires a warning for capabilities that cannot be granted, so the sets are
// reduced to what the kernel accepts. Absent capabilities are empty sets (as in crun; runc would
// leave root all).
Sets capability_sets(const Draft& draft) {
  const oci::Capabilities none;
  const auto& wanted = draft.process.capabilities ? *draft.process.capabilities : none;
  // In another user namespace than tare's a process starts with every capability.
  const std::uint64_t available =
      draft.in_user_namespace() ? ~std::uint64_t{0} : draft.host.capabilities;
  Sets sets;
  sets.held = available;
  sets.bounding = capability_set(wanted.bounding) & available;
  sets.final.permitted = capability_set(wanted.permitted) & available;
  sets.final.effective = capability_set(wanted.effective) & sets.final.permitted;
  sets.final.inheritable = capability_set(wanted.inheritable) & available & sets.bounding;
  sets.final.ambient =
      capability_set(wanted.ambient) & sets.final.permitted & sets.final.inheritable;
  return sets;
}

// A filter, and the agent that answers for the calls that it suspends.
struct Filter {
  std::string origin;
  step::LoadSeccomp load;
  step::SendListener listener;
};

// A complete program replaces the rules of linux.seccomp.
Result<Filter> raw_filter(const Draft& draft, const std::string& base64) {
  const oci::Annotations& annotations = draft.config.annotations;
  const oci::Seccomp document = draft.linux_.seccomp.value_or(oci::Seccomp());
  const std::string* receiver =
      oci::find_annotation(annotations, oci::annotation::seccomp_receiver);
  Filter filter;
  filter.origin = "/annotations/" + std::string(oci::annotation::seccomp_program);
  filter.load.program = TRY(decode_filter(base64, filter.origin));
  filter.listener = {document.listenerPath, document.listenerMetadata};
  if (filter.listener.path.empty() && receiver != nullptr) filter.listener.path = *receiver;
  filter.load.listens = !filter.listener.path.empty() && may_notify(filter.load.program);
  if (filter.load.listens && stops_write(filter.load.program)) {
    return Error::config(filter.origin, "must not make write(2) wait for the agent");
  }
  filter.load.flags = seccomp_flags(document, filter.load.listens);
  return filter;
}

Result<Filter> compiled_filter(const Draft& draft, const oci::Seccomp& document) {
  Filter filter;
  filter.origin = "/linux/seccomp";
  if (oci::is_on(draft.config.annotations, oci::annotation::strict_seccomp)) {
    TRY(check_names(document, filter.origin));
  }
  filter.load.program = TRY(compile_seccomp(document, filter.origin));
  filter.load.flags = TRY(seccomp_flags(document));
  filter.load.listens = notifies(document);
  filter.listener = {document.listenerPath, document.listenerMetadata};
  return filter;
}

Result<std::optional<Filter>> filter_of(const Draft& draft) {
  const std::string* raw =
      oci::find_annotation(draft.config.annotations, oci::annotation::seccomp_program);
  if (raw != nullptr) return std::optional(TRY(raw_filter(draft, *raw)));
  if (!draft.linux_.seccomp) return std::optional<Filter>();
  return std::optional(TRY(compiled_filter(draft, *draft.linux_.seccomp)));
}

// setrlimit(2) raises hard limits only with CAP_SYS_RESOURCE on the host. So in a user namespace
// the host raises them, if it can; otherwise the process itself does, while it is still root.
bool host_sets_rlimits(const Draft& draft) {
  return draft.in_user_namespace() && (draft.host.capabilities >> CAP_SYS_RESOURCE & 1) != 0;
}

// The stub's system calls from its fork to its execve(2). If the filter allows all of them, it can
// be loaded before any process in the container sees the stub.
bool lets_start(const std::vector<std::uint64_t>& filter) {
  const SystemCall calls[] = {{SYS_clone, {CLONE_PARENT}},
                              {SYS_write},
                              {SYS_exit_group},
                              {SYS_setsid},
                              {SYS_ioctl, {0, TIOCSCTTY}},
                              {SYS_prlimit64, {0, RLIMIT_NPROC}},
                              {SYS_read},
                              {SYS_close},
                              {SYS_execve}};
  return lets_through(filter, calls);
}

// The steps from the stub's first to its execve(2), in a possible order. A process that forks into
// the container's pid namespace must have no more privileges than the container by then, because a
// process with CAP_SYS_PTRACE there can take it over.
class StubPlanner {
 public:
  StubPlanner(Draft& draft, Appearance appearance, std::optional<Filter> filter)
      : draft_(draft),
        process_(draft.process),
        sets_(capability_sets(draft)),
        appearance_(appearance),
        filter_(std::move(filter)),
        lets_start_(forks() && filter_ && lets_start(filter_->load.program)) {}

  void plan() && {
    add("/process/cwd", step::EnterDirectory{process_.cwd.empty() ? "/" : process_.cwd});
    change_user();
    // seccomp(2): loading a filter requires CAP_SYS_ADMIN or no_new_privs. Without the latter the
    // filter is loaded before the capabilities are dropped.
    if (!process_.noNewPrivileges) load_filter(sets_.held);
    add("/process/capabilities", sets_.final);
    if (process_.noNewPrivileges) {
      add("/process/noNewPrivileges", step::NoNewPrivileges{});
      if (loads_early()) load_filter(0);
    }
    appear();
    const int ready = add("", step::Ready{});
    if (host_sets_rlimits(draft_)) set_rlimits(Actor::host, ready, [](auto&) { return true; });
    if (draft_.options.waits_for_start) add("", step::AwaitStart{});
    load_filter(0);
    const std::string program = process_.args.empty() ? std::string() : process_.args.front();
    add("/process/args", step::Execute{program});
  }

 private:
  [[nodiscard]] bool forks() const { return appearance_.how == Appears::by_fork; }

  template <class Kind>
  int add(std::string origin, Kind step) {
    return draft_.add<Actor::stub>(std::move(origin), std::move(step));
  }

  void change_user() {
    const oci::User& user = process_.user;
    if (!host_sets_rlimits(draft_)) {
      set_rlimits(Actor::stub, no_step, [&](const auto& limit) { return !waits_for_fork(limit); });
    }
    add("/process/capabilities/bounding", step::DropBounding{sets_.bounding});
    step::SetUser set_user;
    set_user.uid = user.uid;
    set_user.gid = user.gid;
    set_user.groups = user.additionalGids;
    set_user.keep_groups = oci::is_on(draft_.config.annotations, oci::annotation::keep_groups);
    set_user.effective = sets_.final.effective;
    set_user.held = sets_.held;
    add("/process/user", std::move(set_user));
    add("/process/cwd", step::RetryDirectory{process_.cwd});
    find_program();
    plan_process_labels(draft_);
  }

  void find_program() {
    if (draft_.plan.args.empty()) return;
    const std::string& name = draft_.plan.args.front();
    add("/process/args/0", step::FindProgram{name, program_candidates(draft_.plan.env, name)});
  }

  template <class IsMeant>
  void set_rlimits(Actor actor, int after, IsMeant is_meant) {
    const auto& limits = process_.rlimits;
    for (std::size_t i = 0; i < limits.size(); ++i) {
      if (!is_meant(limits[i])) continue;
      draft_.add_for(actor, pointer("/process/rlimits", i),
                     step::SetRlimit{limits[i].type, rlimit_resource(limits[i].type).value_or(0),
                                     limits[i].soft, limits[i].hard},
                     after);
    }
  }

  // A process limit that counts the joiner, too, could make its fork fail. The limit is set after
  // the fork if that needs no privilege, because privileges are dropped by then.
  [[nodiscard]] bool waits_for_fork(const oci::Rlimit& limit) const {
    return forks() && limit.type == "RLIMIT_NPROC" && limit.hard <= draft_.host.process_limit;
  }

  // With no_new_privs the filter is loaded last, so it need not allow any call of the stub.
  // Exceptions: the host must still be there to send its listener, and other processes must not see
  // the process before.
  [[nodiscard]] bool loads_early() const {
    return filter_ && (filter_->load.listens || lets_start_);
  }

  // From here on the process is in the container.
  void appear() {
    if (appearance_.how == Appears::with_init || std::exchange(has_appeared_, true)) return;
    if (forks()) {
      const int forked = add("", step::ForkIntoNamespaces{});
      if (listener_) send_listener(*std::exchange(listener_, std::nullopt), forked);
    }
    if (appearance_.enters_full_cgroup) add("", step::EnterFullCgroup{});
    add("", step::NewSession{});
    if (process_.terminal) add("/process/terminal", step::ControlTerminal{});
    if (host_sets_rlimits(draft_)) return;
    set_rlimits(Actor::stub, no_step, [&](const auto& limit) { return waits_for_fork(limit); });
  }

  void load_filter(std::uint64_t raise) {
    if (!filter_) return;
    if (!lets_start_) appear();
    Filter filter = *std::exchange(filter_, std::nullopt);
    filter.load.raise = raise;
    const bool listens = filter.load.listens;
    const bool may_close = lets_through(filter.load.program, close_calls);
    const int loaded = add(filter.origin, std::move(filter.load));
    if (!listens) return;
    const int taken = draft_.add<Actor::host>(filter.origin, step::TakeListener{}, loaded);
    if (forks() && !has_appeared_) {
      listener_ = std::move(filter.listener);  // the agent gets the pid of the forked process
    } else {
      // Without delay: the stub's next call may wait for the agent's answer.
      send_listener(std::move(filter.listener), no_step);
    }
    if (may_close) draft_.add<Actor::stub>("", step::CloseListener{}, taken);
  }

  void send_listener(step::SendListener listener, int after) {
    draft_.add<Actor::host>("/linux/seccomp/listenerPath", std::move(listener), after);
  }

  static constexpr SystemCall close_calls[] = {{SYS_read}, {SYS_close}};

  Draft& draft_;
  const oci::Process& process_;
  Sets sets_;
  Appearance appearance_;
  std::optional<Filter> filter_;
  std::optional<step::SendListener> listener_;  // taken but not sent yet
  bool lets_start_;
  bool has_appeared_ = false;
};

}  // namespace

Result<void> plan_execution(Draft& draft, Appearance appearance) {
  StubPlanner(draft, appearance, TRY(filter_of(draft))).plan();
  return {};
}

}  // namespace tare::runtime
