// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/reports.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "base/process.h"
#include "base/system.h"
#include "runtime/stub/messages.h"
#include "tests/unit/planned.h"

namespace tare::runtime {

namespace {

// As of an exec: what each child may say is in it.
Plan joining_plan() {
  const oci::Config box = planned::config(R"("process":{"cwd":"/","args":["/bin/true"],
    "env":["HOME=/"],"noNewPrivileges":true},
    "linux":{"namespaces":[{"type":"pid"},{"type":"mount"}],
      "seccomp":{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent",
        "syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}})");
  PlanOptions options = planned::options();
  options.waits_for_start = false;
  ExecFacts facts;
  facts.namespaces = CLONE_NEWPID | CLONE_NEWNS;
  Result<Plan> plan = make_exec_plan(box, planned::v1_host(), options, facts);
  REQUIRE(plan.ok());
  return std::move(plan).value();
}

stub::Report done(int step, std::int64_t value = 0) {
  stub::Report report;
  report.step = step;
  report.value = value;
  return report;
}

stub::Report failed(int step, int error) {
  stub::Report report = done(step);
  report.error = error;
  return report;
}

class Channel {
 public:
  Channel() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    host = UniqueFd(ends[0]);
    child = UniqueFd(ends[1]);
  }
  void say(const stub::Report& report) const { REQUIRE(send_report(child.get(), report).ok()); }
  UniqueFd host;
  UniqueFd child;
};

// A child that waits to be killed. It has what is open when it is made.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    if (pid_ == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    reap(pid_);
    pid_ = 0;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("a report is one of a step that a child may report") {
  const Plan plan = joining_plan();
  const int fork = last_step<step::ForkIntoNamespaces>(plan);
  const int ready = last_step<step::Ready>(plan);
  const int filter = last_step<step::LoadSeccomp>(plan);
  Reports reports(plan);
  CHECK(reports.objection(done(filter, 5)).empty());
  CHECK(reports.objection(done(fork, 4711)).empty());
  CHECK(reports.objection(done(ready)).empty());
  CHECK(reports.objection(failed(last_step<step::Execute>(plan), ENOEXEC)).empty());
}

TEST_CASE("a report of no step, or of the host's, is refused") {
  const Plan plan = joining_plan();
  const auto count = static_cast<int>(plan.steps.size());
  for (const int step :
       {-1, count, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
    CHECK_FALSE(Reports(plan).objection(done(step)).empty());
    CHECK_FALSE(Reports(plan).objection(failed(step, EIO)).empty());
  }
  CHECK_FALSE(Reports(plan).objection(done(last_step<step::SendListener>(plan))).empty());
  CHECK_FALSE(Reports(plan).objection(failed(last_step<step::OpenCgroup>(plan), EIO)).empty());
}

TEST_CASE("a step is reported once") {
  const Plan plan = joining_plan();
  const int fork = last_step<step::ForkIntoNamespaces>(plan);
  Reports reports(plan);
  CHECK(reports.objection(done(fork, 10)).empty());
  CHECK_FALSE(reports.objection(done(fork, 11)).empty());
  CHECK_FALSE(reports.objection(failed(fork, EIO)).empty());
}

TEST_CASE("a step that nobody waits for is reported only if it fails") {
  const Plan plan = joining_plan();
  const int user = last_step<step::SetUser>(plan);
  CHECK_FALSE(Reports(plan).objection(done(user)).empty());
  CHECK(Reports(plan).objection(failed(user, EPERM)).empty());
}

TEST_CASE("a value is one that the step can have") {
  const Plan plan = joining_plan();
  const auto refused = [&](int step, std::int64_t value) {
    return !Reports(plan).objection(done(step, value)).empty();
  };
  const int fork = last_step<step::ForkIntoNamespaces>(plan);
  for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40}) {
    CHECK(refused(fork, pid));
  }
  CHECK(refused(last_step<step::Ready>(plan), 1));
  CHECK(refused(last_step<step::LoadSeccomp>(plan), -1));
}

TEST_CASE("an error is an errno") {
  const Plan plan = joining_plan();
  const int user = last_step<step::SetUser>(plan);
  for (const int error : {-1, 4096, std::numeric_limits<int>::min()}) {
    CHECK_FALSE(Reports(plan).objection(failed(user, error)).empty());
  }
}

TEST_CASE("the stub has no words, and the words of init end") {
  const Plan plan = joining_plan();
  stub::Report report = failed(last_step<step::SetUser>(plan), EPERM);
  report.call[0] = 'x';
  CHECK_FALSE(Reports(plan).objection(report).empty());
  report = failed(last_step<step::SetUser>(plan), EPERM);
  report.note[5] = 'x';
  CHECK_FALSE(Reports(plan).objection(report).empty());

  report = failed(last_step<step::JoinContainer>(plan), EPERM);
  std::strcpy(report.call, "setns");
  CHECK(Reports(plan).objection(report).empty());
  std::memset(report.call, 'x', sizeof report.call);
  CHECK_FALSE(Reports(plan).objection(report).empty());
  report.call[0] = '\0';
  std::memset(report.note, 'x', sizeof report.note);
  CHECK_FALSE(Reports(plan).objection(report).empty());
}

TEST_CASE("the end of a child is heard though somebody else holds its channel") {
  const Plan plan = joining_plan();
  const Channel channel;  // both ends stay open here
  Sleeper child;
  const UniqueFd pidfd(std::move(sys::pidfd_open(child.pid())).value());
  channel.say(done(last_step<step::ForkIntoNamespaces>(plan), 7));
  child.end();
  Reports reports(plan);
  const auto first = reports.receive(channel.host.get(), pidfd.get());
  REQUIRE(first.ok());
  CHECK(first->has_value());  // what was said before comes first
  const auto second = reports.receive(channel.host.get(), pidfd.get());
  REQUIRE(second.ok());
  CHECK_FALSE(second->has_value());
}

TEST_CASE("only a child that nobody has reaped is a child of ours") {
  Sleeper child;
  CHECK(child_of_ours(child.pid()).ok());
  const auto stranger = child_of_ours(::getppid());
  REQUIRE_FALSE(stranger.ok());
  CHECK(stranger.error().error == ECHILD);
  const auto self = child_of_ours(::getpid());
  REQUIRE_FALSE(self.ok());
  CHECK(self.error().error == ECHILD);
  const pid_t gone = child.pid();
  child.end();
  CHECK_FALSE(child_of_ours(gone).ok());
}

TEST_CASE("the wait for the program ends with the channel, after the stub has begun") {
  const Sleeper init;
  Channel channel;
  const UniqueFd pidfd(std::move(sys::pidfd_open(init.pid())).value());
  channel.say({});
  channel.child.reset();
  const AwaitedInit awaited{init.pid(), pidfd.get()};
  CHECK(await_execution_on(channel.host.get(), awaited, "p").ok());
  CHECK_FALSE(await_execution_on(channel.host.get(), awaited, "p").ok());  // gone without a word
}

TEST_CASE("the report of init's fork may come while its program is executed, once it was known") {
  for (const pid_t named : {0, 1}) {  // 1: another than init
    const Sleeper init;
    Channel channel;
    const UniqueFd pidfd(std::move(sys::pidfd_open(init.pid())).value());
    channel.say({});
    channel.say(done(5, init.pid() + named));
    channel.child.reset();
    const AwaitedInit awaited{init.pid(), pidfd.get(), 5};
    CHECK(await_execution_on(channel.host.get(), awaited, "p").ok() == (named == 0));
  }
}

TEST_CASE("the wait for the program ends when init is no stub any more") {
  const Sleeper init;  // which never was one
  const Channel channel;
  const UniqueFd pidfd(std::move(sys::pidfd_open(init.pid())).value());
  channel.say({});
  CHECK(await_execution_on(channel.host.get(), {init.pid(), pidfd.get()}, "p").ok());
}

TEST_CASE("the wait for the program tells its failure") {
  const Sleeper init;
  const Channel channel;
  const UniqueFd pidfd(std::move(sys::pidfd_open(init.pid())).value());
  channel.say({});
  stub::Report execution = failed(0, ENOEXEC);
  execution.value = 1;  // of execve(2) itself, not of the filter before it
  channel.say(execution);
  const Result<void> executed =
      await_execution_on(channel.host.get(), {init.pid(), pidfd.get()}, "p");
  REQUIRE_FALSE(executed.ok());
  CHECK(executed.error().what == "exec: \"p\": exec format error");
}

TEST_CASE("what the stub cannot say while it executes the program is refused") {
  stub::Report twice;
  stub::Report words = failed(0, EPERM);
  words.note[0] = 'x';
  stub::Report value = done(0, 2);
  for (const stub::Report& report : {twice, words, value}) {
    const Sleeper init;
    const Channel channel;
    const UniqueFd pidfd(std::move(sys::pidfd_open(init.pid())).value());
    channel.say({});
    channel.say(report);
    const Result<void> executed =
        await_execution_on(channel.host.get(), {init.pid(), pidfd.get()}, "p");
    REQUIRE_FALSE(executed.ok());
    CHECK(executed.error().what.find("does not allow") != std::string::npos);
  }
}

TEST_CASE("a child can say any time, and one that cannot be counts as none") {
  const Plan plan = joining_plan();
  const Step& step = plan.steps.front();
  stub::Report report = done(0);
  const story::Nanoseconds now = story::now();
  report.began = now - 1000;
  report.ended = now - 100;
  report.cpu = 700;
  CHECK(event_of(step, report).took == 900);
  CHECK(event_of(step, report).cpu == 700);
  report.cpu = 901;
  CHECK(event_of(step, report).cpu == 900);
  report.cpu = std::numeric_limits<std::int64_t>::min();
  CHECK(event_of(step, report).cpu == story::unknown);
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (const auto& [began, ended] :
       {std::pair(least, most), {most, least}, {now, most}, {now, now - 1}}) {
    report.began = began;
    report.ended = ended;
    CHECK(event_of(step, report).took == story::unknown);
  }
}

}  // namespace tare::runtime
