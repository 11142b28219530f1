// SPDX-License-Identifier: Apache-2.0
//
// Turns the last part of the plan into instructions for the stub, and becomes the stub.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/faults.h"
#include "base/process.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/steps/action.h"
#include "runtime/stub/image.h"

namespace tare::runtime {

namespace {

using stub::Operation;
using Argument = StubProgram::Argument;

constexpr const char* stub_name = "tare:init";

// The stub's descriptors come after those of the container.
struct Descriptors {
  int channel;
  int start;
  int started;
  int attributes;
  int full_cgroup;
  explicit Descriptors(const Plan& plan)
      : channel(3 + plan.preserved_descriptors),
        start(channel + 1),
        started(channel + 2),
        attributes(channel + 3),
        full_cgroup(channel + 4) {}
};

constexpr std::uint32_t low(std::uint64_t set) {
  return static_cast<std::uint32_t>(set);
}
constexpr std::uint32_t high(std::uint64_t set) {
  return static_cast<std::uint32_t>(set >> 32);
}

class Compiler {
 public:
  Compiler(StubProgram& program, const LaunchContext& context)
      : program_(program),
        plan_(context.plan),
        groups_are_denied_(context.groups_are_denied),
        fds_(context.plan),
        last_label_(last_step<step::SetLabel>(context.plan)),
        traced_(context.traced) {}

  void compile(int step, const Action& action) {
    step_ = step;
    const bool is_filter = std::holds_alternative<step::LoadSeccomp>(action);
    if (is_filter) stop_tracing();
    std::visit([&](const auto& s) { emit(s); }, action);
    const bool is_told = std::holds_alternative<step::ForkIntoNamespaces>(action) ||
                         std::holds_alternative<step::Ready>(action);
    if (is_told) {
      stop_tracing();
    } else if (traced_) {
      program_.add(step_, Operation::report);
    }
    if (step == last_label_) call(SYS_close, {fd(fds_.attributes)});
  }

  // Before any filter is loaded, because a filter may allow only write, read and execve.
  void prologue(int step) {
    step_ = step;
    // If the container executes the stub again (`#!/proc/self/exe`), it has no channel and ends
    // here.
    call(SYS_fcntl, {fd(fds_.channel), F_GETFD});
    call(SYS_close_range, {fd(fds_.channel), ~0U, CLOSE_RANGE_CLOEXEC});
    call(SYS_prctl, {PR_SET_DUMPABLE, 0});
    call(SYS_prctl, {PR_SET_NAME, program_.text(stub_name)});
    if (plan_.waits_for_start) {
      for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        program_.add(step_, Operation::end_on_signal, {static_cast<std::uint64_t>(signal)});
      }
    }
    if (!traced_) return;
    program_.trace();
    program_.add(step_, Operation::report);
  }

 private:
  void stop_tracing() {
    if (std::exchange(traced_, false)) program_.add(step_, Operation::stop_clock);
  }

  static Argument fd(int number) { return static_cast<std::uint64_t>(number); }
  void call(long number, std::initializer_list<Argument> arguments) {
    program_.system_call(step_, number, arguments);
  }

  void capset(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
    const __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{low(effective), low(permitted), low(inheritable)},
                                            {high(effective), high(permitted), high(inheritable)}};
    call(SYS_capset, {program_.bytes(&header, sizeof header), program_.bytes(data, sizeof data)});
  }

  // A child of the caller's parent performs the rest; the caller reports its pid and exits.
  void emit(const step::ForkIntoNamespaces&) {
    program_.add(step_, Operation::fork, {CLONE_PARENT});
  }

  void emit(const step::EnterFullCgroup&) {
    call(SYS_write, {fd(fds_.full_cgroup), program_.text("0"), 1});
    call(SYS_close, {fd(fds_.full_cgroup)});
  }

  void emit(const step::NewSession&) { call(SYS_setsid, {}); }
  void emit(const step::ControlTerminal&) { call(SYS_ioctl, {0, TIOCSCTTY, 0}); }

  void emit(const step::EnterDirectory& s) {
    program_.add(step_, Operation::enter_directory, {program_.text(s.path)});
  }

  void emit(const step::DropBounding& s) {
    program_.add(step_, Operation::drop_bounding, {s.keep});
  }

  void emit(const step::SetRlimit& s) {
    const rlimit limit{s.soft, s.hard};
    call(SYS_prlimit64,
         {0, static_cast<std::uint64_t>(s.resource), program_.bytes(&limit, sizeof limit), 0});
  }

  void emit(const step::SetUser& s) {
    if (s.uid != 0) call(SYS_prctl, {PR_SET_KEEPCAPS, 1});  // execve(2) has cleared it
    // Sets no groups where setgroups(2) is denied: those of the caller stay, as the kernel
    // requires.
    const bool stay = s.keep_groups || (groups_are_denied_ && s.groups.empty());
    if (!stay) {
      const auto groups = program_.bytes(s.groups.data(), s.groups.size() * sizeof(gid_t));
      call(SYS_setgroups, {s.groups.size(), groups});
    }
    call(SYS_setresgid, {s.gid, s.gid, s.gid});
    call(SYS_setresuid, {s.uid, s.uid, s.uid});
    capset(s.effective & s.held, s.held, 0);
    // From here on the end of the channel means that the host is gone.
    call(SYS_prctl, {PR_SET_PDEATHSIG, 0});
  }

  void emit(const step::RetryDirectory& s) {
    program_.add(step_, Operation::retry_directory, {program_.text(s.path)});
    program_.add(step_, Operation::verify_directory);
  }

  void emit(const step::FindProgram& s) {
    program_.add(step_, Operation::find_program,
                 {s.candidates.size(), program_.pointers(s.candidates)});
  }

  void emit(const step::SetCapabilities& s) {
    call(SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL});
    capset(s.effective, s.permitted, s.inheritable);
    for (unsigned bit = 0; bit < 64; ++bit) {
      if ((s.ambient >> bit & 1) != 0) call(SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit});
    }
  }

  // Init has left the stub the directory of its attributes. A forked child inherits what a thread
  // has written there for its next execve(2).
  void emit(const step::SetLabel& s) {
    program_.add(step_, Operation::set_attribute,
                 {fd(fds_.attributes), program_.text(s.file), program_.text(s.text), s.text.size(),
                  program_.text(s.read_back), s.read_back.size()});
  }

  void emit(const step::NoNewPrivileges&) { call(SYS_prctl, {PR_SET_NO_NEW_PRIVS, 1}); }

  void emit(const step::LoadSeccomp& s) {
    if (s.raise != 0) capset(s.raise, s.raise, 0);
    const auto filter = program_.filter(s.program);
    if (!s.listens) return call(SYS_seccomp, {SECCOMP_SET_MODE_FILTER, s.flags, filter});
    program_.add(step_, Operation::call_told,
                 {SYS_seccomp, SECCOMP_SET_MODE_FILTER, s.flags, filter});
  }

  void emit(const step::CloseListener&) {
    program_.add(step_, Operation::await, {fd(fds_.channel)});
    program_.add(step_, Operation::close_told);
  }

  void emit(const step::Ready&) {
    program_.add(step_, Operation::report);
    program_.add(step_, Operation::await, {fd(fds_.channel)});
    if (plan_.waits_for_start) {
      program_.add(step_, Operation::report_to, {fd(fds_.started)});
    } else {
      begin();
    }
  }

  void emit(const step::AwaitStart&) {
    program_.add(step_, Operation::await, {fd(fds_.start)});
    begin();
  }

  // From here on the end of the channel without a report is execve(2)'s close-on-exec: success.
  void begin() { program_.add(step_, Operation::report); }

  void emit(const step::Execute&) { program_.add(step_, Operation::execute, {plan_.args.size()}); }

  // Steps of other actors have no instructions.
  template <class Other>
  void emit(const Other&) {
    static_assert(!Other::actors.contains(Actor::stub), "a step of the stub without instructions");
    std::abort();
  }

  StubProgram& program_;
  const Plan& plan_;
  bool groups_are_denied_;
  Descriptors fds_;
  int last_label_;
  bool traced_;
  int step_ = 0;
};

StubProgram compile(const LaunchContext& context, int entry) {
  const Plan& plan = context.plan;
  StubProgram program;
  Compiler compiler(program, context);
  compiler.prologue(entry);
  for (int i = entry + 1; i < static_cast<int>(plan.steps.size()); ++i) {
    const Step& step = plan.steps[static_cast<std::size_t>(i)];
    if (step.actor != Actor::stub) continue;
    if (const int error = planned_fault(i)) {
      const bool is_execute = std::holds_alternative<step::Execute>(step.action);
      program.add(i, Operation::fail, {static_cast<std::uint64_t>(error), is_execute ? 1U : 0U});
    }
    compiler.compile(i, step.action);
  }
  return program;
}

// Moves descriptors to the numbers that the stub expects, which also clears close-on-exec. First
// moves all of them away from these numbers.
Call<void> place_descriptors(const Plan& plan, LaunchContext& context) {
  const Descriptors places(plan);
  UniqueFd* const sources[] = {&context.child_end,  &context.start,       &context.started,
                               &context.attributes, &context.full_cgroup, &context.image};
  const int targets[] = {places.channel, places.start, places.started, places.attributes,
                         places.full_cgroup};
  for (UniqueFd* source : sources) {
    if (!source->valid()) continue;
    const int high_fd = ::fcntl(source->get(), F_DUPFD_CLOEXEC, places.full_cgroup + 1);
    if (high_fd < 0) return Fault::last("fcntl(F_DUPFD)");
    source->reset(high_fd);
  }
  TRY(sys::close_range(static_cast<unsigned>(places.channel), ~0U, CLOSE_RANGE_CLOEXEC));
  for (std::size_t i = 0; i < std::size(targets); ++i) {
    if (sources[i]->valid() && ::dup2(sources[i]->get(), targets[i]) < 0)
      return Fault::last("dup2");
  }
  // They are for the container, even if the caller set close-on-exec.
  for (int fd = 3; fd < places.channel; ++fd) {
    if (::fcntl(fd, F_SETFD, 0) != 0) return Fault::last("fcntl(F_SETFD)");
  }
  return {};
}

// execve(2) drops the capabilities of a process that is not root in its user namespace, except the
// ambient ones. The stub still needs them.
Call<void> carry_capabilities() {
  if (::geteuid() == 0) return {};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return Fault::last("capget");
  for (auto& half : data) half.inheritable = half.permitted;
  if (::syscall(SYS_capset, &header, data) != 0) return Fault::last("capset");
  for (unsigned long bit = 0; bit < 64; ++bit) {
    const std::uint32_t half = data[bit / 32].permitted;
    if ((half >> (bit % 32) & 1) != 0 &&
        ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) != 0) {
      return Fault::last("prctl(PR_CAP_AMBIENT)");
    }
  }
  return {};
}

}  // namespace

Call<void> perform(const step::EnterStub&, LaunchContext& context) {
  const Plan& plan = context.plan;
  const StubProgram program = compile(context, last_step<step::EnterStub>(plan));
  TRY(program.write(context.image.get(), Descriptors(plan).channel));
  const std::vector<std::string> words{stub_name, context.state.id};  // for ps(1)
  const std::vector<char*> argv = execve_list(words);
  std::vector<char*> envp = execve_list(plan.args);
  envp.pop_back();
  const std::vector<char*> environment = execve_list(plan.env, context.home);
  envp.insert(envp.end(), environment.begin(), environment.end());
  TRY(place_descriptors(plan, context));
  TRY(carry_capabilities());
  ::syscall(SYS_execveat, context.image.get(), "", argv.data(), envp.data(), AT_EMPTY_PATH);
  if (errno == EACCES) context.set_note("is vm.memfd_noexec=2?");
  return Fault::last("execveat");
}

}  // namespace tare::runtime
